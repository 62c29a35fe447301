//! Hands a batch to a projector or a process manager, whatever delivered it.

use std::time::Duration;

use dekigoto::{
    MessageHandler,
    measure::{self, Part},
};
use lambda_runtime::Error;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    batch::{Batch, BatchResponse, answer, log},
    kafka::KafkaResponse,
    spans,
};

/// The answer to a batch of a queue or of a Kafka topic.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum DeliveryResponse {
    /// The messages of a queue that must be delivered again.
    Queue(BatchResponse),
    /// The places in a Kafka topic from which the records must be delivered again.
    Kafka(KafkaResponse),
}

/// Handles a batch. A message of a queue that fails at its last try is parked with its reason; Kafka delivers a
/// record until it succeeds, or until the event source mapping gives up.
pub(crate) async fn deliver(
    handler: &dyn MessageHandler,
    part: Part,
    payload: &RawValue,
    time_left: impl Fn() -> Duration + Sync,
) -> Result<DeliveryResponse, Error> {
    spans::around(handle(handler, part, payload, time_left)).await
}

async fn handle(
    handler: &dyn MessageHandler,
    part: Part,
    payload: &RawValue,
    time_left: impl Fn() -> Duration + Sync,
) -> Result<DeliveryResponse, Error> {
    let answer = match Batch::read(payload)? {
        Batch::Queue(batch) => {
            let (host, parking) = (handler.host(), handler.parking());
            let handle = |messages| handler.handle(messages, &time_left);
            let report = batch.handle(host, parking, &time_left, handle).await;
            DeliveryResponse::Queue(answer(part, payload, report))
        }
        Batch::Kafka(records) => {
            let report = handler.handle(records, &time_left).await;
            log(part, payload, &report);
            DeliveryResponse::Kafka(KafkaResponse::of(&report))
        }
        Batch::Stream(_) => {
            return Err("this function reads a queue or a topic, not a stream".into());
        }
    };
    measure::end(handler.host().now());
    Ok(answer)
}
