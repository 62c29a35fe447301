//! Reads rows by their keys, strongly consistent.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use dekigoto::{Cause, Row, RowKey, ViewError};

use crate::{
    Item,
    failure::failure_of,
    view_item::row_of,
    view_table::{ViewTable, key_item},
};

/// One row, by GetItem.
pub(crate) async fn one(table: &ViewTable, key: &RowKey) -> Result<Option<Row>, ViewError> {
    let answer = table
        .client
        .get_item()
        .table_name(&table.name)
        .set_key(Some(key_item(key)))
        // Strongly consistent: after a stale read, a projector's write conflicts again and again.
        .consistent_read(true)
        .return_consumed_capacity(ReturnConsumedCapacity::None)
        .send()
        .await
        .map_err(|error| failure_of("DynamoDB GetItem", &error))?;
    answer.item.map(|item| row_of(table, item)).transpose()
}

/// Several rows, by BatchGetItem, in the order of the keys.
pub(crate) async fn several(
    table: &ViewTable,
    keys: &[RowKey],
) -> Result<Vec<Option<Row>>, ViewError> {
    // DynamoDB refuses duplicate keys.
    let distinct: BTreeSet<&RowKey> = keys.iter().collect();
    let mut missing: Vec<Item> = distinct.into_iter().map(key_item).collect();
    let mut found: BTreeMap<RowKey, Row> = BTreeMap::new();
    while !missing.is_empty() {
        let asked = missing.len();
        let (rows, unprocessed) = batch(table, missing).await?;
        // Each round must process a key, so there are never more rounds than keys.
        if unprocessed.len() >= asked {
            return Err(ViewError::Unavailable(no_progress().into()));
        }
        for row in rows {
            let row = row_of(table, row)?;
            found.insert(row.key.clone(), row);
        }
        missing = unprocessed;
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// One round: the rows found, and the unprocessed keys.
async fn batch(table: &ViewTable, keys: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), ViewError> {
    let wanted = KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(true)
        .build()
        .map_err(|cause| ViewError::Broken(cause.into()))?;
    let answer = table
        .client
        .batch_get_item()
        .request_items(&table.name, wanted)
        .return_consumed_capacity(ReturnConsumedCapacity::None)
        .send()
        .await
        .map_err(|error| failure_of("DynamoDB BatchGetItem", &error))?;
    // The request names one table, so the reply does too, by its name or its ARN.
    let rows = answer.responses.unwrap_or_default().into_values().flatten();
    let unprocessed = answer.unprocessed_keys.unwrap_or_default().into_values();
    Ok((rows.collect(), unprocessed.flat_map(|left| left.keys).collect()))
}

fn no_progress() -> Cause {
    Cause { operation: "DynamoDB BatchGetItem", reason: "no key was processed".to_owned() }
}
