//! A row of a view as a DynamoDB item.

use dekigoto::{Payload, Row, RowKey, Source, ViewError};
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::{Item, failure::Failure};

/// The attributes of a row. A row that stands in an index carries the index's keys; the others are not in it at all.
#[derive(Serialize, Deserialize)]
struct RowItem {
    pk: String,
    sk: String,
    rev: u64,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ix1pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ix1sk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ix2pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ix2sk: Option<String>,
}

/// The attributes of a row.
pub(crate) fn item_of(row: &Row) -> Result<Item, ViewError> {
    let halves = |key: Option<RowKey>| key.map(|key| (key.partition, key.sort)).unzip();
    let [(ix1pk, ix1sk), (ix2pk, ix2sk)] = row.indexes.clone().map(halves);
    let item = RowItem {
        pk: row.key.partition.clone(),
        sk: row.key.sort.clone(),
        rev: row.revision,
        body: row.body.as_str().to_owned(),
        ix1pk,
        ix1sk,
        ix2pk,
        ix2sk,
    };
    to_item(item).map_err(|cause| ViewError::Broken(cause.into()))
}

/// The row that an item holds.
pub(crate) fn row_of(item: Item) -> Result<Row, ViewError> {
    let broken = |cause: Source| {
        let reason = format!("a row of the view table cannot be read: {cause}");
        ViewError::from(Failure::broken("read", reason))
    };
    let item: RowItem = from_item(item).map_err(|cause| broken(cause.into()))?;
    let body = Payload::from_text(item.body).map_err(|cause| broken(cause.into()))?;
    Ok(Row {
        key: RowKey::new(item.pk, item.sk),
        revision: item.rev,
        body,
        indexes: [key_of(item.ix1pk, item.ix1sk), key_of(item.ix2pk, item.ix2sk)],
    })
}

fn key_of(partition: Option<String>, sort: Option<String>) -> Option<RowKey> {
    Some(RowKey::new(partition?, sort?))
}
