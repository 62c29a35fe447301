//! The view store: rows with a revision in one table.

use std::collections::BTreeMap;

use async_trait::async_trait;
use dekigoto::{
    Row, RowKey, RowPage, RowQuery, StoreFailure, ViewError, ViewStore, limits::ROWS_PER_CALL_MAX,
};

use crate::{
    Postgres,
    session::param,
    view_list,
    view_row::{COLUMNS, row_of},
    view_write,
};

const READ: &str = "PostgreSQL read of rows";

/// A view store in PostgreSQL. Its rows can stand in [`INDEXES`](crate::INDEXES) secondary indexes.
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
