//! The view store: rows with a revision in one table with two secondary indexes.

use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use dekigoto::{Row, RowKey, RowPage, RowQuery, ViewError, ViewStore, limits::ROWS_PER_CALL_MAX};

use crate::{Item, failure::Failure, view_list, view_read, view_write};

/// A view store in one DynamoDB table with the keys `pk` and `sk` (text) and the indexes `index1` (`ix1pk`, `ix1sk`)
/// and `index2` (`ix2pk`, `ix2sk`), which project everything.
///
/// It asks for the actions `GetItem`, `BatchGetItem`, `PutItem` and, on table and indexes, `Query`.
#[derive(Clone, Debug)]
pub struct DynamoViewStore {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl DynamoViewStore {
    /// A store in that table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let table = table.into();
        Self { client, table }
    }
}

#[async_trait]
impl ViewStore for DynamoViewStore {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        within_limit("BatchGetItem", keys.len())?;
        match keys {
            [] => Ok(Vec::new()),
            [key] => Ok(vec![view_read::one(self, key).await?]),
            keys => view_read::several(self, keys).await,
        }
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        within_limit("TransactWriteItems", rows.len())?;
        if rows.iter().any(|row| row.revision == 0) {
            return Err(Failure::broken("PutItem", "a row's first revision is 1").into());
        }
        match rows {
            [] => Ok(()),
            [row] => view_write::one(self, row).await,
            rows => view_write::several(self, rows).await,
        }
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        view_list::list(self, query).await
    }
}

/// The primary key of a row.
pub(crate) fn key_item(key: &RowKey) -> Item {
    let text = |text: &String| AttributeValue::S(text.clone());
    Item::from([("pk".to_owned(), text(&key.partition)), ("sk".to_owned(), text(&key.sort))])
}

fn within_limit(operation: &'static str, rows: usize) -> Result<(), ViewError> {
    if rows <= ROWS_PER_CALL_MAX {
        return Ok(());
    }
    let reason = format!("{rows} rows in one call; the limit is {ROWS_PER_CALL_MAX}");
    Err(Failure::broken(operation, reason).into())
}
