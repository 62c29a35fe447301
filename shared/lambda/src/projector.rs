//! A projector. An invocation is a batch of messages from the queue of one view.

use std::sync::Arc;

use dekigoto::{park_last, views::Projector};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
};

/// Applies a batch. Returns the messages that must be delivered again.
///
/// ```no_run
/// # use dekigoto::views::Projector;
/// use lambda_runtime::{Error, run_concurrent, service_fn};
///
/// async fn run(projector: Projector) -> Result<(), Error> {
///     run_concurrent(service_fn(move |event| dekigoto_lambda::project(projector.clone(), event))).await
/// }
/// ```
///
/// # Errors
/// If the payload is not a batch of a queue, or a record has no unique id. The whole batch is delivered again then.
pub async fn project(
    projector: Projector,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let Batch::Queue { messages, last } = Batch::read(&event.payload)? else {
        return Err("a projector reads a queue, not a stream".into());
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&projector.ports().host));
    let report = projector.take(messages, || deadline.time_left()).await;
    let (host, parking) = (&*projector.ports().host, projector.parking());
    let report = park_last(host, parking, &last, report, || deadline.time_left()).await;
    Ok(answer(projector.name(), report))
}
