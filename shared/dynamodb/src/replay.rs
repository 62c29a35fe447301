//! Reads the whole table with a parallel, segmented Scan.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use dekigoto::{
    Corrupt, ReadError,
    replay::{ReplayPage, ReplayPosition, ReplaySource},
};

use crate::{
    DynamoEventStore, Item,
    event_item::{commit_of, place_of},
    failure::failure_of,
};

#[async_trait]
impl ReplaySource for DynamoEventStore {
    /// A segment is a range of hashed partition keys, so a stream lies in one segment. Items with one partition key are
    /// stored together, ordered by the sort key, and a Scan reads items as they are stored.
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError> {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let page = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(number(segment))
            .total_segments(number(of_segments.max(1)))
            .set_exclusive_start_key(after.map(key_of))
            .limit(number(limit.max(1)))
            // An eventually consistent scan is half the price, but could miss a commit, and a view would lack it.
            .consistent_read(true)
            .select(Select::AllAttributes)
            .return_consumed_capacity(ReturnConsumedCapacity::None)
            .send()
            .await
            .map_err(|error| failure_of("DynamoDB Scan", &error))?;
        let (mut commits, mut corrupt) = (Vec::new(), Vec::new());
        for item in page.items.unwrap_or_default() {
            match commit_of(item) {
                Ok(commit) => commits.push(commit),
                Err(cause) => corrupt.push(cause),
            }
        }
        let next = page.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(ReplayPage { commits, corrupt, next: next.as_ref().map(position_of).transpose()? })
    }
}

fn key_of(position: &ReplayPosition) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(position.stream_key.clone())),
        ("sk".to_owned(), AttributeValue::N(position.ordinal.to_string())),
    ])
}

fn position_of(key: &Item) -> Result<ReplayPosition, Corrupt> {
    let (stream_key, ordinal) = place_of(key);
    match ordinal {
        Some(ordinal) => Ok(ReplayPosition { stream_key, ordinal }),
        None => Err(Corrupt {
            stream: stream_key,
            ordinal,
            what: "a sort key that is not an ordinal".to_owned(),
        }),
    }
}
