//! One invocation: messages of this view's queue.

use std::sync::Arc;

use dekigoto_lambda::{
    Deadline,
    batch::{Batch, BatchResponse, answer},
};
use lambda_runtime::{Error, LambdaEvent};
use order_service::Projecting;
use serde_json::value::RawValue;

/// Applies a batch. Answers with the messages that have to come back.
pub async fn handle(
    projecting: Projecting,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<BatchResponse, Error> {
    let Batch::Queue(messages) = Batch::read(&event.payload)? else {
        return Err("a projector reads a queue, not a stream".into());
    };
    let deadline = Deadline::of(&event.context, Arc::clone(&projecting.projector.host));
    let report = projecting.take(messages, || deadline.time_left()).await;
    Ok(answer(projecting.view.name(), report))
}
