//! A row of a view as a DynamoDB item.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dekigoto::{Row, RowKey, StoreFailure, ViewError};
use serde::Serialize;
use serde_dynamo::aws_sdk_dynamodb_1::to_item;

use crate::{Item, view_table::ViewTable};

/// The attributes of every row. A row in an index also has the keys of that index.
#[derive(Serialize)]
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

/// The row that an item holds. A body that is damaged is left to the row's view, and a revision that is damaged is 0.
pub(crate) fn row_of(table: &ViewTable, mut item: Item) -> Result<Row, ViewError> {
    let mut indexes = BTreeMap::new();
    for index in table.all() {
        let names = table.names("DynamoDB read", index)?;
        let place = text(&mut item, &names.partition).zip(text(&mut item, &names.sort));
        indexes.extend(place.map(|place| (index, RowKey::new(place.0, place.1))));
    }
    let revision = match item.remove("rev") {
        Some(AttributeValue::N(number)) => number.parse().unwrap_or(REVISION_DAMAGED),
        Some(_) | None => REVISION_DAMAGED,
    };
    let body = Row::body_of(text(&mut item, "body").unwrap_or_default().as_bytes());
    let key = text(&mut item, "pk").zip(text(&mut item, "sk"));
    let (partition, sort) =
        key.ok_or_else(|| StoreFailure::broken("DynamoDB read", "a row has no key"))?;
    Ok(Row { key: RowKey::new(partition, sort), revision, body, indexes })
}

/// What a row says whose revision is missing or no natural number. Revision 1 replaces it.
const REVISION_DAMAGED: u64 = 0;

/// Takes a text out of an item, if it is there.
fn text(item: &mut Item, name: &str) -> Option<String> {
    match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        Some(_) | None => None,
    }
}
