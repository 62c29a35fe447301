//! A projector. An invocation is a batch of messages from the queue of one view, or of records of a Kafka topic.

use std::sync::Arc;

use dekigoto::{measure::Part, views::Projector};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::{
    Deadline,
    deliver::{DeliveryResponse, deliver},
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
/// If the payload is not a batch of a queue or a topic, or a record has no unique id. The whole batch is delivered again then.
pub async fn project(
    projector: Projector,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<DeliveryResponse, Error> {
    let deadline = Deadline::of(&event.context, Arc::clone(&projector.ports().host));
    let part = Part::View(projector.name());
    deliver(&projector, part, &event.payload, || deadline.time_left()).await
}
