//! A policy. An invocation is a batch of messages from its queue, or a tick of the schedule.

use std::sync::Arc;

use dekigoto::policies::{ProcessManager, Ticked, Ticker};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::info;

use crate::{
    Deadline,
    batch::Batch,
    deliver::{DeliveryResponse, deliver},
};

/// The schedule's payload: `{"tick": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    #[serde(rename = "tick")]
    is_tick: bool,
}

/// The answer to an invocation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PolicyAnswer {
    /// The messages that must be delivered again.
    Batch(DeliveryResponse),
    /// The number of due processes that were queued.
    Ticked {
        /// How many.
        queued: usize,
    },
}

/// Handles a batch, or queues the processes whose deadlines are due.
///
/// # Errors
/// If the payload is neither a batch of a queue or a topic nor a tick, if a record has no unique id, or if a tick could not queue
/// all that is due. The next tick queues the rest; the error makes it visible.
pub async fn run_policy(
    manager: ProcessManager,
    ticker: Ticker,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<PolicyAnswer, Error> {
    let deadline = Deadline::of(&event.context, Arc::clone(&manager.ports().host));
    if let Ok(Tick { is_tick: true }) = serde_json::from_str(event.payload.get()) {
        return ticked(ticker.policy, ticker.tick(|| deadline.time_left()).await);
    }
    let batch = Batch::read(&event.payload)?;
    let answer = deliver(&manager, manager.name(), batch, || deadline.time_left()).await;
    answer.map(PolicyAnswer::Batch)
}

fn ticked(policy: &str, ticked: Ticked) -> Result<PolicyAnswer, Error> {
    let Ticked { queued, refused, unlisted, lateness_max } = ticked;
    let lateness_ms = lateness_max.as_millis();
    info!(
        policy,
        queued,
        refused,
        unlisted,
        lateness_ms,
        "{policy}: {queued} due processes queued, the oldest {lateness_ms} ms late"
    );
    if ticked.is_complete() {
        return Ok(PolicyAnswer::Ticked { queued });
    }
    Err(format!("{refused} due processes were not queued, {unlisted} partitions not listed").into())
}
