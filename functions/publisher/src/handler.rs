//! One invocation: records of the event table's stream, or pointers from the publisher's own retry queue.

use std::sync::Arc;

use dekigoto::batch::Delivered;
use dekigoto_lambda::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
    stream,
};
use lambda_runtime::{Error, LambdaEvent};
use order_service::{Publishing, StreamRecord};
use serde_json::value::RawValue;

/// Publishes a batch. Answers with the records that have to come back.
pub async fn handle(
    publishing: Publishing,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let deadline = Deadline::of(&event.context, Arc::clone(&publishing.host));
    let time_left = || deadline.time_left();
    let report = match Batch::read(&event.payload)? {
        Batch::Stream(records) => {
            publishing.take_stream(records.into_iter().map(decoded).collect(), time_left).await
        }
        Batch::Queue(messages) => publishing.take_retries(messages, time_left).await,
    };
    Ok(answer("publisher", report))
}

fn decoded(Delivered { id, record }: Delivered<String>) -> Delivered<StreamRecord> {
    let record = match stream::commit(&record) {
        Ok(commit) => StreamRecord::Commit(Box::new(commit)),
        Err(reason) => StreamRecord::Unreadable { body: record, reason },
    };
    Delivered { id, record }
}
