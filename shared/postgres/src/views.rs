//! The view store: rows with a revision in one table.

use std::collections::BTreeMap;

use async_trait::async_trait;
use dekigoto::{
    Index, Payload, Row, RowKey, RowPage, RowQuery, StoreFailure, ViewError, ViewStore,
    limits::ROWS_PER_CALL_MAX,
};
use tokio_postgres::Error;

use crate::{Postgres, session::param, view_list, view_write};

/// Secondary indexes that the rows of views can stand in.
pub const INDEXES: u8 = 4;

const READ: &str = "PostgreSQL read of rows";

/// The columns of a row.
pub(crate) const COLUMNS: &str = "partition, sort, rev, body, p1, s1, p2, s2, p3, s3, p4, s4";

/// A view store in PostgreSQL. Its rows can stand in [`INDEXES`] secondary indexes.
#[derive(Clone, Debug)]
pub struct PostgresViewStore(pub(crate) Postgres);

#[async_trait]
impl ViewStore for PostgresViewStore {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        within_limit(READ, keys.len())?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<&str> = keys.iter().map(|key| key.partition.as_str()).collect();
        let sorts: Vec<&str> = keys.iter().map(|key| key.sort.as_str()).collect();
        let schema = self.0.schema();
        let statement = format!(
            "select {COLUMNS} from {schema}.rows
             where (partition, sort) in (select * from unnest($1::text[], $2::text[]))"
        );
        let params = [param::texts(&partitions), param::texts(&sorts)];
        let rows = self.0.query(READ, &statement, &params).await.map_err(|it| it.failure)?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let row = row_of(row)?;
            found.insert(row.key.clone(), row);
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        within_limit("PostgreSQL write of rows", rows.len())?;
        view_write::write(&self.0, rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        view_list::list(&self.0, query).await
    }
}

fn within_limit(operation: &'static str, rows: usize) -> Result<(), StoreFailure> {
    if rows <= ROWS_PER_CALL_MAX {
        return Ok(());
    }
    let reason = format!("{rows} rows in one call; the limit is {ROWS_PER_CALL_MAX}");
    Err(StoreFailure::broken(operation, reason))
}

/// The number of an index, if there is such an index.
pub(crate) fn existing(operation: &'static str, index: Index) -> Result<u8, StoreFailure> {
    if (1..=INDEXES).contains(&index.0) {
        return Ok(index.0);
    }
    let reason = format!("there is no index {}; the table has {INDEXES}", index.0);
    Err(StoreFailure::broken(operation, reason))
}

/// Decodes a row.
pub(crate) fn row_of(row: &tokio_postgres::Row) -> Result<Row, ViewError> {
    let failed = |cause: Error| StoreFailure::broken(READ, cause.to_string());
    let unreadable = || StoreFailure::broken(READ, "a row of the table cannot be read");
    let text = |name: &str| row.try_get::<_, String>(name).map_err(failed);
    let mut indexes = BTreeMap::new();
    for index in 1..=INDEXES {
        let optional = |name: String| row.try_get::<_, Option<String>>(&*name).map_err(failed);
        let key = optional(format!("p{index}"))?.zip(optional(format!("s{index}"))?);
        indexes.extend(key.map(|(partition, sort)| (Index(index), RowKey { partition, sort })));
    }
    let revision: i64 = row.try_get("rev").map_err(failed)?;
    Ok(Row {
        key: RowKey { partition: text("partition")?, sort: text("sort")? },
        revision: u64::try_from(revision).map_err(|_| unreadable())?,
        // serde's error repeats the content.
        body: Payload::from_text(text("body")?).map_err(|_| unreadable())?,
        indexes,
    })
}
