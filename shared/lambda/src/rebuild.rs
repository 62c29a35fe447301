//! The rebuild function. An invocation is a message that names a segment of a rebuild or of a sweep, or the schedule of the
//! sweeper.

use std::sync::Arc;

use dekigoto::{
    batch::Delivered,
    generations::Rebuilder,
    measure::{self, Part},
    sweep::{Sweep, Sweeper},
};
use futures_util::future::join;
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
};

/// The payload of the sweeper's schedule: `{"sweep": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    #[serde(rename = "sweep")]
    is_sweep: bool,
}

/// The answer to an invocation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RebuildAnswer {
    /// The messages that must be delivered again.
    Batch(BatchResponse),
    /// A sweep has begun.
    Begun {
        /// Always true.
        begun: bool,
    },
}

/// Works on segments until they are done, or hands them on before the invocation ends. Returns the messages that must be
/// delivered again. Or begins a sweep.
///
/// # Errors
/// If the payload is neither a batch of a queue nor the schedule's, if a record has no unique id, or if a sweep could not
/// begin. All of it is delivered again then.
pub async fn rebuild(
    rebuilder: Rebuilder,
    sweeper: Sweeper,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<RebuildAnswer, Error> {
    if let Ok(Begin { is_sweep: true }) = serde_json::from_str(event.payload.get()) {
        sweeper.begin().await?;
        return Ok(RebuildAnswer::Begun { begun: true });
    }
    let Batch::Queue(batch) = Batch::read(&event.payload)? else {
        return Err("a rebuild reads a queue".into());
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&rebuilder.ports.host));
    let (rebuilder, sweeper, time_left) = (&rebuilder, &sweeper, &|| deadline.time_left());
    let (host, parking) = (&*rebuilder.ports.host, &*rebuilder.parking);
    let handle = |messages| async move {
        let (sweeps, segments) = sorted(messages);
        let swept = sweeper.take(sweeps, time_left);
        let (swept, rebuilt) = join(swept, rebuilder.take(segments, time_left)).await;
        swept.and(rebuilt)
    };
    let report = batch.handle(host, parking, time_left, handle).await;
    let answer = answer(Part::Rebuild, &event.payload, report);
    measure::end(rebuilder.ports.host.now());
    Ok(RebuildAnswer::Batch(answer))
}

/// The messages that name a segment of a sweep, and the others.
fn sorted(messages: Vec<Delivered<String>>) -> (Vec<Delivered<Sweep>>, Vec<Delivered<String>>) {
    let (mut sweeps, mut others) = (Vec::new(), Vec::new());
    for Delivered { id, record } in messages {
        match Sweep::from_text(&record) {
            Some(record) => sweeps.push(Delivered { id, record }),
            None => others.push(Delivered { id, record }),
        }
    }
    (sweeps, others)
}
