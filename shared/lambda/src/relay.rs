//! The relay: one invocation is a batch of the event table's stream, a batch of pointers from the relay's own retry queue, or
//! an operator's wish to publish a time window again.

use std::sync::Arc;

use dekigoto::{
    batch::Delivered,
    relay::{Relay, Republished, StreamRecord, Window},
    replay::ReplaySource,
};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::info;

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

/// What an operator sends to the function: `{"republish": {"from": "…", "to": "…"}}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    republish: Window,
}

/// What an invocation answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The records that have to come back.
    Batch(BatchResponse),
    /// How far the time window has been read.
    Republished(Republished),
}

/// Publishes a batch, as [`relay`] does; or a time window again, from `history`.
///
/// # Errors
/// When the payload is neither, or a record of a batch has no id of its own.
pub async fn relay_or_republish(
    publisher: Relay,
    history: Arc<dyn ReplaySource>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Answer, Error> {
    let Ok(Wish { republish: window }) = serde_json::from_str(event.payload.get()) else {
        return relay(publisher, event).await.map(Answer::Batch);
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&publisher.host));
    let done = publisher.republish(&*history, &window, || deadline.time_left()).await;
    info!(pointers = done.pointers, is_done = done.is_done, "Republishing a time window");
    Ok(Answer::Republished(done))
}

fn decoded(Delivered { id, record }: Delivered<String>) -> Delivered<StreamRecord> {
    Delivered { id, record: stream::read(record) }
}
