//! The view store: rows with a revision in one table.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use dekigoto::{
    Row, RowKey, RowPage, RowQuery, StoreFailure, ViewError, ViewStore, limits::ROWS_PER_CALL_MAX,
};

use crate::{
    view_list, view_read,
    view_table::{INDEXES_DEFAULT, ViewTable},
    view_write,
};

/// A view store in one DynamoDB table with the keys `pk` and `sk` (text), and for each secondary index `n`, from 1, the
/// index `index<n>` with the keys `ix<n>pk` and `ix<n>sk`, which projects only keys (`KEYS_ONLY`): a row that changes
/// without moving in the index then costs one write, and a list reads the rows that the index names.
///
/// It needs the actions `GetItem`, `BatchGetItem`, `PutItem` and, on table and indexes, `Query`.
#[derive(Clone, Debug)]
pub struct DynamoViewStore(ViewTable);

impl DynamoViewStore {
    /// A store in that table, which has two secondary indexes.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self(ViewTable { client, name: table.into(), indexes: INDEXES_DEFAULT })
    }

    /// The same store, for a table with that many secondary indexes. DynamoDB allows 20.
    #[must_use]
    pub fn with_indexes(self, indexes: u8) -> Self {
        Self(ViewTable { indexes, ..self.0 })
    }

    pub(crate) fn table(&self) -> &ViewTable {
        &self.0
    }
}

#[async_trait]
impl ViewStore for DynamoViewStore {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        within_limit("DynamoDB BatchGetItem", keys.len())?;
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![view_read::one(&self.0, key).await?]),
            keys => view_read::several(&self.0, keys).await,
        }
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        within_limit("DynamoDB TransactWriteItems", rows.len())?;
        if rows.iter().any(|row| row.revision == 0) {
            return Err(
                StoreFailure::broken("DynamoDB PutItem", "a row's first revision is 1").into()
            );
        }
        match rows {
            [] => Ok(()),
            [row] => view_write::one(&self.0, row).await,
            rows => view_write::several(&self.0, rows).await,
        }
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        view_list::list(&self.0, query).await
    }
}

fn within_limit(operation: &'static str, rows: usize) -> Result<(), ViewError> {
    if rows <= ROWS_PER_CALL_MAX {
        return Ok(());
    }
    let reason = format!("{rows} rows in one call; the limit is {ROWS_PER_CALL_MAX}");
    Err(StoreFailure::broken(operation, reason).into())
}
