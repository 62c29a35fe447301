//! A topic as a bus.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{Bus, Message, Refused, Source};
use krafka::{
    Record,
    producer::{DeliveryHandle, Producer},
};
use tokio::sync::Mutex;

use crate::{Cluster, cluster::REQUEST_TIME_MAX, failure::KafkaFailure};

/// Time until a record counts as not delivered, all repetitions included. Shorter than the relay waits for a call, so that
/// the answer for each record arrives.
pub const DELIVERY_TIME_MAX: Duration = Duration::from_secs(5);

/// Time that a record may wait for the topic's partitions, and for memory.
const BLOCKED_TIME_MAX: Duration = Duration::from_secs(3);

/// Bytes of one request. A record over it is refused for good, before it is sent. A broker takes 1 MiB by default.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of the records that go to one partition together. A batch of the relay fits.
const BATCH_BYTES: usize = dekigoto::limits::BUS_BATCH_BYTES_MAX;

const _: () = assert!(DELIVERY_TIME_MAX.as_millis() < dekigoto::relay::CALL_TIME_MAX.as_millis());
const _: () = assert!(REQUEST_TIME_MAX.as_millis() < DELIVERY_TIME_MAX.as_millis());
const _: () = assert!(BLOCKED_TIME_MAX.as_millis() < DELIVERY_TIME_MAX.as_millis());
const _: () = assert!(2 * BATCH_BYTES <= REQUEST_BYTES_MAX);

/// A topic. The messages of one key are in one partition, in the order in which they were sent.
///
/// The key is the aggregate's id, the value is the body, and the message's kind and attributes are headers. The producer is
/// idempotent: what it repeats by itself is stored once.
pub struct KafkaBus {
    cluster: Cluster,
    topic: String,
    producer: Mutex<Option<Arc<Producer>>>,
}

impl KafkaBus {
    /// The topic with this name. It must exist: no message creates it.
    #[must_use]
    pub fn new(cluster: &Cluster, topic: impl Into<String>) -> Self {
        Self { cluster: cluster.clone(), topic: topic.into(), producer: Mutex::default() }
    }

    /// The producer, which the first call makes.
    async fn producer(&self) -> Result<Arc<Producer>, KafkaFailure> {
        let mut producer = self.producer.lock().await;
        if let Some(known) = &*producer {
            return Ok(Arc::clone(known));
        }
        let built = self
            .cluster
            .connect()
            .await?
            .producer()
            .idempotent(true)
            .linger(Duration::ZERO)
            .batch_size(BATCH_BYTES)
            .max_request_size(REQUEST_BYTES_MAX)
            .delivery_timeout(DELIVERY_TIME_MAX)
            .max_block(BLOCKED_TIME_MAX)
            .metrics_push(false)
            .build()
            .await;
        let built = Arc::new(built.map_err(|error| KafkaFailure::of(&error))?);
        *producer = Some(Arc::clone(&built));
        Ok(built)
    }

    /// Puts all messages into the producer, in order, and then waits for their answers.
    async fn deliver(
        &self,
        producer: &Producer,
        batch: &[Message],
    ) -> Vec<Result<(), KafkaFailure>> {
        let mut sent = Vec::with_capacity(batch.len());
        let mut down = None;
        for message in batch {
            sent.push(match &down {
                Some(cause) => Err(KafkaFailure::clone(cause)),
                None => self.enqueue(producer, message).await,
            });
            // What is not about this message would make each of the others wait as long.
            if let Some(Err(cause)) = sent.last() {
                down = (!cause.is_about_the_record()).then(|| cause.clone());
            }
        }
        let mut answers = Vec::with_capacity(sent.len());
        for handle in sent {
            answers.push(match handle {
                Ok(handle) => handle.await.map(drop).map_err(|error| KafkaFailure::of(&error)),
                Err(cause) => Err(cause),
            });
        }
        answers
    }

    async fn enqueue(
        &self,
        producer: &Producer,
        message: &Message,
    ) -> Result<DeliveryHandle, KafkaFailure> {
        let record = self.record(message);
        if record.estimated_size() > REQUEST_BYTES_MAX {
            return Err(KafkaFailure::TooLarge);
        }
        let enqueued = producer.enqueue(record).await;
        enqueued.map_err(|error| KafkaFailure::of(&error))
    }

    fn record(&self, message: &Message) -> Record {
        let record = Record::new(&*self.topic, message.body.clone())
            .key(message.key.clone())
            .timestamp(message.at.as_millis())
            .header(KIND_HEADER, message.kind.clone());
        let attributes = message.attributes.iter().filter(|(name, _)| *name != KIND_HEADER);
        attributes.fold(record, |record, (name, value)| record.header(*name, value.to_string()))
    }
}

/// The header with the kind of a message. For a domain event it is the attribute of the same name.
pub const KIND_HEADER: &str = "eventType";

#[async_trait]
impl Bus for KafkaBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        let producer = self.producer().await?;
        let answers = self.deliver(&producer, batch).await;
        if answers.iter().any(|answer| matches!(answer, Err(KafkaFailure::Ended(_)))) {
            *self.producer.lock().await = None;
        }
        Ok(answers.into_iter().map(|answer| answer.map_err(Refused::from)).collect())
    }
}
