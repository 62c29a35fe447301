//! A row of a view as a DynamoDB item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dekigoto::{Payload, Row, RowKey, Source, StoreFailure, ViewError};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::{Item, view_table::ViewTable};

/// The attributes of every row. A row in an index also has the keys of that index.
#[derive(Serialize, Deserialize)]
struct RowItem {
    pk: String,
    sk: String,
    rev: u64,
    body: String,
}

/// The attributes of a row.
pub(crate) fn item_of(table: &ViewTable, row: &Row) -> Result<Item, ViewError> {
    let base = RowItem {
        pk: row.key.partition.clone(),
        sk: row.key.sort.clone(),
        rev: row.revision,
        body: row.body.as_str().to_owned(),
    };
    let mut item: Item = to_item(base).map_err(|cause| ViewError::Broken(cause.into()))?;
    for (index, key) in &row.indexes {
        let names = table.names("DynamoDB PutItem", *index)?;
        item.insert(names.partition, AttributeValue::S(key.partition.clone()));
        item.insert(names.sort, AttributeValue::S(key.sort.clone()));
    }
    Ok(item)
}

/// The row that an item holds.
pub(crate) fn row_of(table: &ViewTable, mut item: Item) -> Result<Row, ViewError> {
    let broken = |cause: Source| {
        let reason = format!("a row of the view table cannot be read: {cause}");
        ViewError::from(StoreFailure::broken("DynamoDB read", reason))
    };
    let mut indexes = BTreeMap::new();
    for index in table.all() {
        let names = table.names("DynamoDB read", index)?;
        let partition = text(&mut item, &names.partition).map_err(broken)?;
        let sort = text(&mut item, &names.sort).map_err(broken)?;
        indexes.extend(partition.zip(sort).map(|key| (index, RowKey::new(key.0, key.1))));
    }
    let item: RowItem = from_item(item).map_err(|cause| broken(cause.into()))?;
    let body = Payload::from_text(item.body).map_err(|cause| broken(cause.into()))?;
    Ok(Row { key: RowKey::new(item.pk, item.sk), revision: item.rev, body, indexes })
}

/// Takes an attribute out of an item, if it is there.
fn text(item: &mut Item, name: &str) -> Result<Option<String>, Source> {
    match item.remove(name) {
        None => Ok(None),
        Some(AttributeValue::S(text)) => Ok(Some(text)),
        Some(_) => Err(format!("attribute {name:?} is not text").into()),
    }
}
