//! A policy. An invocation is a batch of messages from its queue, or a tick of the schedule.

use std::sync::Arc;

use dekigoto::{
    measure::{self, DEADLINES_DUE, Part},
    policies::{ProcessManager, Ticked, Ticker},
};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Deadline,
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
        let ticked = ticker.tick(|| deadline.time_left()).await;
        let answer = answer_tick(Part::Policy(ticker.policy), ticked);
        measure::end(ticker.host.now());
        return answer;
    }
    let part = Part::Policy(manager.name());
    let answer = deliver(&manager, part, &event.payload, || deadline.time_left()).await;
    answer.map(PolicyAnswer::Batch)
}

fn answer_tick(part: Part, ticked: Ticked) -> Result<PolicyAnswer, Error> {
    let Ticked { queued, refused, unlisted, .. } = ticked;
    if queued + refused > 0 {
        DEADLINES_DUE.record_of(part, i64::try_from(queued + refused).unwrap_or(i64::MAX));
    }
    if ticked.is_complete() {
        return Ok(PolicyAnswer::Ticked { queued });
    }
    Err(format!("{refused} due processes were not queued, {unlisted} partitions not listed").into())
}
