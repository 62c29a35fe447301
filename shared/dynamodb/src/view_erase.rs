//! Erases the rows of a dropped generation. It scans the table, because the partitions of a view are not listed anywhere.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, ReturnConsumedCapacity, ReturnItemCollectionMetrics,
    WriteRequest,
};
use dekigoto::{
    Cause, RowKey, StoreFailure, ViewError,
    generations::{EraseRows, Erased, RowsOf},
};

use crate::{
    DynamoViewStore, Item,
    failure::failure_of,
    view_table::{ViewTable, key_item},
};

/// Items of one BatchWriteItem.
const DELETES_PER_CALL: usize = 25;

/// It needs the actions `Scan` and `BatchWriteItem`. No function's role has them: an operator erases.
#[async_trait]
impl EraseRows for DynamoViewStore {
    async fn erase(
        &self,
        rows: &RowsOf,
        after: Option<&RowKey>,
        limit: u32,
    ) -> Result<Erased, ViewError> {
        let table = self.table();
        let page = scan(table, rows, after, limit).await?;
        let mut deleted = 0;
        for keys in page.0.chunks(DELETES_PER_CALL) {
            delete(table, keys).await?;
            deleted += u64::try_from(keys.len()).unwrap_or(u64::MAX);
        }
        Ok(Erased { deleted, next: page.1 })
    }
}

/// The rows of the generation among the next items, and where to go on.
async fn scan(
    table: &ViewTable,
    rows: &RowsOf,
    after: Option<&RowKey>,
    limit: u32,
) -> Result<(Vec<Item>, Option<RowKey>), ViewError> {
    let mut condition = "pk = :p".to_owned();
    for place in 0..rows.beginnings.len() {
        condition.push_str(&format!(" OR begins_with(pk, :b{place})"));
    }
    let mut scan = table
        .client
        .scan()
        .table_name(&table.name)
        .filter_expression(condition)
        .projection_expression("pk, sk")
        .expression_attribute_values(":p", AttributeValue::S(rows.partition.clone()))
        .set_exclusive_start_key(after.map(key_item))
        .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX))
        // A row that was written a moment ago must not stay.
        .consistent_read(true)
        .return_consumed_capacity(ReturnConsumedCapacity::None);
    for (place, beginning) in rows.beginnings.iter().enumerate() {
        let value = AttributeValue::S(beginning.clone());
        scan = scan.expression_attribute_values(format!(":b{place}"), value);
    }
    let page = scan.send().await.map_err(|error| failure_of("DynamoDB Scan", &error))?;
    let next = page.last_evaluated_key.filter(|key| !key.is_empty());
    Ok((page.items.unwrap_or_default(), next.as_ref().map(row_key).transpose()?))
}

async fn delete(table: &ViewTable, keys: &[Item]) -> Result<(), ViewError> {
    let request = |key: &Item| -> Result<WriteRequest, ViewError> {
        let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
        let delete = delete.map_err(|cause| ViewError::Broken(cause.into()))?;
        Ok(WriteRequest::builder().delete_request(delete).build())
    };
    let requests = keys.iter().map(request).collect::<Result<Vec<_>, _>>()?;
    let answer = table
        .client
        .batch_write_item()
        .request_items(&table.name, requests)
        .return_consumed_capacity(ReturnConsumedCapacity::None)
        .return_item_collection_metrics(ReturnItemCollectionMetrics::None)
        .send()
        .await
        .map_err(|error| failure_of("DynamoDB BatchWriteItem", &error))?;
    if answer.unprocessed_items.is_none_or(|left| left.is_empty()) {
        return Ok(());
    }
    let reason = "some rows were not deleted".to_owned();
    Err(ViewError::Unavailable(Cause { operation: "DynamoDB BatchWriteItem", reason }.into()))
}

fn row_key(item: &Item) -> Result<RowKey, ViewError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let key = text("pk").zip(text("sk")).map(|(partition, sort)| RowKey::new(partition, sort));
    let missing = || StoreFailure::broken("DynamoDB Scan", "a scanned key has no text");
    key.ok_or_else(|| missing().into())
}
