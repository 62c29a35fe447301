//! The relay. An invocation is a batch of the stream of the event table, a batch of pointers from the retry queue, or a
//! request of an operator to publish a time window again.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Timestamp,
    batch::Delivered,
    measure::{self, Part},
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
    spans, stream,
};

/// Publishes a batch. Returns the records that must be delivered again.
///
/// # Errors
/// If the payload is not a batch, or a record has no unique id. The whole batch is delivered again then.
pub async fn relay(
    relay: Relay,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    spans::around(publish(relay, event)).await
}

async fn publish(relay: Relay, event: LambdaEvent<Box<RawValue>>) -> Result<BatchResponse, Error> {
    let deadline = Deadline::of(&event.context, Arc::clone(&relay.host));
    let time_left = || deadline.time_left();
    let report = match Batch::read(&event.payload)? {
        Batch::Stream(records) => {
            relay.take_stream(records.into_iter().map(decoded).collect(), time_left).await
        }
        Batch::Queue(batch) => {
            let take = |messages| relay.take_retries(messages, time_left);
            batch.handle(&*relay.host, &*relay.parking, time_left, take).await
        }
        Batch::Kafka(_) => {
            return Err("the publisher reads a stream or a queue, not a topic".into());
        }
    };
    let answer = answer(Part::Service, &event.payload, report);
    measure::end(relay.host.now());
    Ok(answer)
}

/// A request of an operator.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wish {
    /// `{"republish": {"from": "…", "to": "…"}}`.
    Window { republish: Window },
    /// Lambda's note about discarded stream records.
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

/// A commit has the time at which its command was received, by the clock of another machine. That is some seconds
/// before its arrival at the stream; the margin is larger.
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

/// Moves a time by a number of margins. A time outside the valid range stays unchanged.
fn moved(moment: Timestamp, margins: i64) -> Timestamp {
    let margin = i64::try_from(ARRIVAL_MARGIN.as_millis()).unwrap_or(0);
    let millis = moment.as_millis().saturating_add(margin.saturating_mul(margins));
    Timestamp::from_millis(millis).unwrap_or(moment)
}

/// The answer to an invocation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The records that must be delivered again.
    Batch(BatchResponse),
    /// The progress in the time window.
    Republished(Republished),
}

/// Publishes a batch, as [`relay`] does, or publishes a time window of `history` again: the window of an operator's
/// request, or of a note about discarded stream records.
///
/// # Errors
/// If the payload is neither, or a record of a batch has no unique id.
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
