//! A projector: one invocation is a batch of messages of one view's queue.

use std::sync::Arc;

use dekigoto::views::Projector;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
};

/// Applies a batch. Answers with the messages that have to come back.
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
/// When the payload is not a batch of a queue, or a record has no id of its own. The whole batch comes back then.
pub async fn project(
    projector: Projector,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let Batch::Queue(messages) = Batch::read(&event.payload)? else {
        return Err("a projector reads a queue, not a stream".into());
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&projector.ports().host));
    let report = projector.take(messages, || deadline.time_left()).await;
    Ok(answer(projector.name(), report))
}
