//! The event store: one item per commit, one conditional PutItem per append, one Query per read.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{put_item::PutItemError, query::builders::QueryFluentBuilder},
    types::{
        AttributeValue, ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue,
        ReturnValuesOnConditionCheckFailure,
    },
};
use dekigoto::{AppendError, Commit, EventStore, ReadError, ReadFrom, StoreFailure, StreamId};

use crate::{
    Item,
    event_item::{commit_of, item_of},
    failure::failure_of,
};

/// An event store in one DynamoDB table with the partition key `pk` (text) and the sort key `sk` (number).
///
/// It needs the actions `PutItem`, `Query` and, to replay, `Scan`; never `UpdateItem` or `DeleteItem`.
#[derive(Clone, Debug)]
pub struct DynamoEventStore {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl DynamoEventStore {
    /// A store in that table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let table = table.into();
        Self { client, table }
    }
}

#[async_trait]
impl EventStore for DynamoEventStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(commit)))
            // This is the whole concurrency control. Both keys are given, so the condition is about this one item.
            .condition_expression("attribute_not_exists(pk)")
            // The refusal returns the existing item, without another read. It tells a lost race from a lost reply.
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            // There is no old item to return.
            .return_values(ReturnValue::None)
            // The table's own metrics have it; asking would make every reply larger.
            .return_consumed_capacity(ReturnConsumedCapacity::None)
            // The table has no local secondary index.
            .return_item_collection_metrics(ReturnItemCollectionMetrics::None)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => refused(commit, &error),
        }
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let mut after: Option<Item> = None;
        loop {
            let query = self.query(stream, from, limit);
            let page = query.set_exclusive_start_key(after).send().await;
            let page = page.map_err(|error| failure_of("DynamoDB Query", &error))?;
            let items = page.items.unwrap_or_default();
            after = page.last_evaluated_key.filter(|key| !key.is_empty());
            // A page can be empty before the end, but callers take an empty result for the end.
            if !items.is_empty() || after.is_none() {
                let commits: Result<Vec<Commit>, _> = items.into_iter().map(commit_of).collect();
                return Ok(commits?);
            }
        }
    }
}

impl DynamoEventStore {
    fn query(&self, stream: &StreamId, from: ReadFrom, limit: u32) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .expression_attribute_values(":pk", AttributeValue::S(stream.key()))
            // Strongly consistent: after a stale head the client would see a false conflict.
            .consistent_read(true)
            // DynamoDB refuses 0, and an empty result would look like the end of the stream.
            .limit(i32::try_from(limit.max(1)).unwrap_or(i32::MAX))
            .return_consumed_capacity(ReturnConsumedCapacity::None);
        let place = |ordinal: u64| AttributeValue::N(ordinal.to_string());
        match from {
            ReadFrom::Newest => {
                query.key_condition_expression("pk = :pk").scan_index_forward(false)
            }
            ReadFrom::Down(ordinal) => query
                .key_condition_expression("pk = :pk AND sk <= :sk")
                .expression_attribute_values(":sk", place(ordinal.get()))
                .scan_index_forward(false),
            ReadFrom::Up(ordinal) => query
                .key_condition_expression("pk = :pk AND sk >= :sk")
                .expression_attribute_values(":sk", place(ordinal.get()))
                .scan_index_forward(true),
        }
    }
}

/// Handles a refused append: it lost the race, or an earlier attempt succeeded and its reply was lost.
fn refused(commit: &Commit, error: &SdkError<PutItemError>) -> Result<(), AppendError> {
    let Some(PutItemError::ConditionalCheckFailedException(taken)) = error.as_service_error()
    else {
        return Err(failure_of("DynamoDB PutItem", error).into());
    };
    let Some(item) = taken.item().cloned() else {
        let reason = "the condition failed, but the reply lacks the existing item";
        return Err(StoreFailure::broken("DynamoDB PutItem", reason).into());
    };
    let found = commit_of(item).map_err(|corrupt| AppendError::Broken(corrupt.into()))?;
    if found.is_same_append(commit) {
        return Ok(());
    }
    let found = Box::new(found);
    Err(AppendError::Conflict { found })
}
