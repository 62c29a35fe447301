//! The rebuild function. An invocation is a message that names a segment of a rebuild.

use std::sync::Arc;

use dekigoto::{
    generations::Rebuilder,
    measure::{self, Part},
};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
};

/// Works on segments until they are done, or hands them on before the invocation ends. Returns the messages that must be
/// delivered again.
///
/// # Errors
/// If the payload is not a batch of a queue, or a record has no unique id. The whole batch is delivered again then.
pub async fn rebuild(
    rebuilder: Rebuilder,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let Batch::Queue(batch) = Batch::read(&event.payload)? else {
        return Err("a rebuild reads a queue".into());
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&rebuilder.ports.host));
    let time_left = || deadline.time_left();
    let (host, parking) = (&*rebuilder.ports.host, &*rebuilder.parking);
    let handle = |messages| rebuilder.take(messages, &time_left);
    let report = batch.handle(host, parking, &time_left, handle).await;
    let answer = answer(Part::Rebuild, &event.payload, report);
    measure::end(rebuilder.ports.host.now());
    Ok(answer)
}
