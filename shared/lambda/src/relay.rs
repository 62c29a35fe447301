//! The relay: one invocation is a batch of the event table's stream, or of pointers from the relay's own retry queue.

use std::sync::Arc;

use dekigoto::{
    batch::Delivered,
    relay::{Relay, StreamRecord},
};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
    stream,
};

/// Publishes a batch. Answers with the records that have to come back.
///
/// # Errors
/// When the payload is not a batch, or a record has no id of its own. The whole batch comes back then.
pub async fn relay(
    relay: Relay,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let deadline = Deadline::of(&event.context, Arc::clone(&relay.host));
    let time_left = || deadline.time_left();
    let report = match Batch::read(&event.payload)? {
        Batch::Stream(records) => {
            relay.take_stream(records.into_iter().map(decoded).collect(), time_left).await
        }
        Batch::Queue(messages) => relay.take_retries(messages, time_left).await,
    };
    Ok(answer("publisher", report))
}

fn decoded(Delivered { id, record }: Delivered<String>) -> Delivered<StreamRecord> {
    Delivered { id, record: stream::read(record) }
}
