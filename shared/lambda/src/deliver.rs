//! Hands a batch to a projector or a process manager, whatever delivered it.

use std::time::Duration;

use dekigoto::MessageHandler;
use lambda_runtime::Error;
use serde::Serialize;

use crate::{
    batch::{Batch, BatchResponse, answer, log},
    kafka::KafkaResponse,
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
    name: &str,
    batch: Batch,
    time_left: impl Fn() -> Duration + Sync,
) -> Result<DeliveryResponse, Error> {
    match batch {
        Batch::Queue(batch) => {
            let (host, parking) = (handler.host(), handler.parking());
            let handle = |messages| handler.handle(messages, &time_left);
            let report = batch.handle(host, parking, &time_left, handle).await;
            Ok(DeliveryResponse::Queue(answer(name, report)))
        }
        Batch::Kafka(records) => {
            let report = handler.handle(records, &time_left).await;
            log(name, &report);
            Ok(DeliveryResponse::Kafka(KafkaResponse::of(&report)))
        }
        Batch::Stream(_) => Err("this function reads a queue or a topic, not a stream".into()),
    }
}
