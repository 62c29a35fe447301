//! Stores in memory that charge requests by DynamoDB's rules. They are a hundred times as fast as the embedded engine, which
//! charges by itself: the costs of an order are compared on both. The tests of the functions include this file, too.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, Index, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery,
    StoredCommit, StreamId, ViewError, ViewStore,
};

use crate::engine::{Meter, Used};

/// Bytes of a unit.
const WRITE_UNIT: usize = 1024;
const READ_UNIT: usize = 4096;

/// The names of a row's attributes (`pk`, `sk`, `rev`, `body`), and its revision.
const ROW_NAMES: usize = 2 + 2 + 3 + 4 + 2;

/// The names of the attributes that put a row into an index.
const INDEX_NAMES: usize = 5 + 5;

/// An event store.
#[allow(dead_code, reason = "one of the two test programs needs it")]
pub(crate) struct ChargedStore {
    pub(crate) inner: Arc<dyn EventStore>,
    pub(crate) meter: Meter,
}

#[async_trait]
impl EventStore for ChargedStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let units = StoredCommit::from(commit).write_units();
        self.meter.add(Used { requests: 1.0, write_units: number(units), read_units: 0.0 });
        self.inner.append(commit).await
    }

    /// A strongly consistent query. It reads a unit also if it finds nothing.
    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let commits = self.inner.read(stream, from, limit).await?;
        let bytes = commits.iter().map(|commit| StoredCommit::from(commit).size_bytes());
        let units = bytes.sum::<usize>().div_ceil(READ_UNIT).max(1);
        self.meter.add(Used { requests: 1.0, write_units: 0.0, read_units: number(units) });
        Ok(commits)
    }
}

/// A view store.
pub(crate) struct ChargedViews {
    pub(crate) inner: Arc<dyn ViewStore>,
    pub(crate) meter: Meter,
}

#[async_trait]
impl ViewStore for ChargedViews {
    /// Each row is read by itself, and costs a unit also if it is not there.
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let rows = self.inner.read(keys).await?;
        let of_row = |row: &Option<Row>| row.as_ref().map_or(0, size_of).div_ceil(READ_UNIT).max(1);
        let units = rows.iter().map(of_row).sum::<usize>();
        self.meter.add(Used { requests: 1.0, write_units: 0.0, read_units: number(units) });
        Ok(rows)
    }

    /// A row costs its units, and one for each index that it enters or leaves. A transaction costs twice as much. A write that
    /// is refused costs the same.
    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
        let before = self.inner.read(&keys).await?;
        let units = rows
            .iter()
            .zip(&before)
            .map(|(row, before)| size_of(row).div_ceil(WRITE_UNIT) + moved(before.as_ref(), row));
        let units = units.sum::<usize>() * if rows.len() > 1 { 2 } else { 1 };
        self.meter.add(Used { requests: 1.0, write_units: number(units), read_units: 0.0 });
        self.inner.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.inner.list(query).await
    }
}

/// Entries of indexes that come or go with the row. They hold only keys.
fn moved(before: Option<&Row>, row: &Row) -> usize {
    let none = BTreeMap::new();
    let before = before.map_or(&none, |row| &row.indexes);
    let is_new = |(index, key): &(&Index, &RowKey)| before.get(index) != Some(key);
    let is_gone = |(index, key): &(&Index, &RowKey)| row.indexes.get(index) != Some(key);
    row.indexes.iter().filter(is_new).count() + before.iter().filter(is_gone).count()
}

fn size_of(row: &Row) -> usize {
    let key = |key: &RowKey| key.partition.len() + key.sort.len();
    let indexes: usize = row.indexes.values().map(|it| INDEX_NAMES + key(it)).sum();
    ROW_NAMES + key(&row.key) + row.body.as_str().len() + indexes
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
