//! A view store in memory.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;

use super::lock;
use crate::{
    Position, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    generations::{EraseRows, Erased, RowsOf},
};

/// A view store in memory. Unlike those of DynamoDB, its lists always show every write.
#[derive(Clone, Debug, Default)]
pub struct MemoryViews {
    rows: Arc<Mutex<BTreeMap<RowKey, Row>>>,
}

impl MemoryViews {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every row, by key.
    #[must_use]
    pub fn dump(&self) -> Vec<Row> {
        lock(&self.rows).values().cloned().collect()
    }

    /// Overwrites a row without any check, as a bug or an intruder could. For tests of readers.
    pub fn put_raw(&self, row: Row) {
        lock(&self.rows).insert(row.key.clone(), row);
    }
}

#[async_trait]
impl ViewStore for MemoryViews {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        let rows = lock(&self.rows);
        Ok(keys.iter().map(|key| rows.get(key).cloned()).collect())
    }

    async fn write(&self, writes: &[Row]) -> Result<(), ViewError> {
        let mut rows = lock(&self.rows);
        let follows = |write: &Row| {
            let there = rows.get(&write.key).map_or(0, |row| row.revision);
            there.checked_add(1) == Some(write.revision)
        };
        if !writes.iter().all(follows) {
            return Err(ViewError::Conflict);
        }
        rows.extend(writes.iter().map(|write| (write.key.clone(), write.clone())));
        Ok(())
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        let rows = lock(&self.rows);
        let place = |row: &Row| match query.index {
            None => Some(row.key.clone()),
            Some(index) => row.indexes.get(&index).cloned(),
        };
        let mut listed: Vec<(Position, &Row)> = rows
            .values()
            .filter_map(|row| {
                let place = place(row).filter(|place| place.partition == query.partition)?;
                Some((Position { sort: place.sort, key: row.key.clone() }, row))
            })
            .filter(|(position, _)| is_between(query, &position.sort))
            .collect();
        listed.sort_by(|(a, _), (b, _)| (&a.sort, &a.key).cmp(&(&b.sort, &b.key)));
        if query.newest_first {
            listed.reverse();
        }
        listed.retain(|(position, _)| comes_after(query, position));
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let has_more = listed.len() > limit;
        listed.truncate(limit);
        let next = listed.last().filter(|_| has_more).map(|(position, _)| position.clone());
        Ok(RowPage { rows: listed.into_iter().map(|(_, row)| row.clone()).collect(), next })
    }
}

#[async_trait]
impl EraseRows for MemoryViews {
    async fn erase(
        &self,
        wanted: &RowsOf,
        after: Option<&RowKey>,
        limit: u32,
    ) -> Result<Erased, ViewError> {
        let mut rows = lock(&self.rows);
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let page: Vec<RowKey> =
            rows.range((start, Bound::Unbounded)).take(limit).map(|(key, _)| key.clone()).collect();
        let mut deleted = 0;
        for key in page.iter().filter(|key| wanted.holds(&key.partition)) {
            deleted += u64::from(rows.remove(key).is_some());
        }
        Ok(Erased { deleted, next: page.last().filter(|_| page.len() == limit).cloned() })
    }
}

fn is_between(query: &RowQuery, sort: &str) -> bool {
    let between = |(first, last): &(String, String)| (&**first..=&**last).contains(&sort);
    query.between.as_ref().is_none_or(between)
}

fn comes_after(query: &RowQuery, position: &Position) -> bool {
    let Some(after) = &query.after else {
        return true;
    };
    let order = (&position.sort, &position.key).cmp(&(&after.sort, &after.key));
    if query.newest_first { order.is_lt() } else { order.is_gt() }
}
