//! The relay: one invocation is a batch of the event table's stream, a batch of pointers from the relay's own retry queue, or
//! an operator's wish to publish a time window again.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Timestamp,
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

/// What an operator sends to the function.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wish {
    /// `{"republish": {"from": "…", "to": "…"}}`.
    Window { republish: Window },
    /// Lambda's own note about stream records that it gave up on.
    Note {
        #[serde(rename = "DDBStreamBatchInfo")]
        batch: GivenUp,
    },
}

/// When the records arrived at the stream.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    approximate_arrival_of_first_record: Timestamp,
    approximate_arrival_of_last_record: Timestamp,
}

/// A commit carries the moment when its command was received, by another machine's clock. That is some seconds before it
/// arrives at the stream, and this is more.
const ARRIVAL_MARGIN: Duration = Duration::from_secs(60);

impl Wish {
    fn window(self) -> Window {
        match self {
            Self::Window { republish } => republish,
            Self::Note { batch } => Window {
                from: moved(batch.approximate_arrival_of_first_record, -1),
                to: moved(batch.approximate_arrival_of_last_record, 1),
                progress: None,
            },
        }
    }
}

/// The moment by so many margins later. The ends of time are as far as it goes.
fn moved(moment: Timestamp, margins: i64) -> Timestamp {
    let margin = i64::try_from(ARRIVAL_MARGIN.as_millis()).unwrap_or(0);
    let millis = moment.as_millis().saturating_add(margin.saturating_mul(margins));
    Timestamp::from_millis(millis).unwrap_or(moment)
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

/// Publishes a batch, as [`relay`] does; or, from `history`, a time window again: the one that an operator asks for, or that of
/// a note about stream records that Lambda gave up on.
///
/// # Errors
/// When the payload is neither, or a record of a batch has no id of its own.
pub async fn relay_or_republish(
    publisher: Relay,
    history: Arc<dyn ReplaySource>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Answer, Error> {
    let Ok(wish) = serde_json::from_str::<Wish>(event.payload.get()) else {
        return relay(publisher, event).await.map(Answer::Batch);
    };
    let window = wish.window();
    let deadline = Deadline::of(&event.context, Arc::clone(&publisher.host));
    let done = publisher.republish(&*history, &window, || deadline.time_left()).await;
    let (pointers, is_done) = (done.pointers, done.next.is_none());
    info!(pointers, is_done, "Put {pointers} pointers of a time window into the retry queue");
    Ok(Answer::Republished(done))
}

fn decoded(Delivered { id, record }: Delivered<String>) -> Delivered<StreamRecord> {
    Delivered { id, record: stream::read(record) }
}
