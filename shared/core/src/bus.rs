//! Ports for what leaves the system: topics, buses and queues.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Envelope, Ordinal, Payload, Source, StreamId, Timestamp, limits::BUS_BATCH_MAX};

/// One message on its way out, in the words of SNS and of EventBridge alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The body: JSON.
    pub body: String,
    /// Attributes that subscribers filter on.
    pub attributes: Vec<(&'static str, String)>,
    /// What kind of message: the event's type, or the integration event's detail type.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
}

impl Message {
    /// The message that tells of a domain event: the envelope as JSON, of the event's kind, with the attributes
    /// `eventType`, `aggregateType` and `schemaVersion`. [`Envelope::from_message`] reads it.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        Self {
            // An envelope is strings, numbers and raw JSON: it always has a JSON form.
            body: serde_json::to_string(event).unwrap_or_default(),
            attributes: vec![
                ("eventType", event.event_type.clone()),
                ("aggregateType", event.aggregate_type.clone()),
                ("schemaVersion", event.schema_version.to_string()),
            ],
            kind: event.event_type.clone(),
            at: event.occurred_at,
        }
    }

    /// Bytes that count against a bus's limit.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.len() + 16);
        self.body.len() + self.kind.len() + attributes.sum::<usize>()
    }
}

/// Why one message of a batch was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus refused the message: {code}")]
pub struct Refused {
    /// The bus's error code; never text from the message.
    pub code: String,
    /// Whether the message itself is at fault, so that sending it again cannot help.
    pub for_good: bool,
}

/// Takes messages in batches: an SNS topic, an EventBridge bus, or one in memory.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends at most [`BUS_BATCH_MAX`] messages in one request. The answer has one entry for each message, in order.
    ///
    /// # Errors
    /// When the whole request failed. Whether any message was taken is unknown then.
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source>;
}

/// Says where a commit is, so that whoever reads the pointer reads the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// The stream.
    pub stream: StreamId,
    /// The commit.
    pub ordinal: Ordinal,
}

/// Takes pointers to commits that could not be published now.
#[async_trait]
pub trait RetryQueue: Send + Sync {
    /// Puts a pointer into the queue.
    ///
    /// # Errors
    /// When it is not certain that the queue has it.
    async fn put(&self, pointer: &Pointer) -> Result<(), Source>;
}

/// Sets aside what cannot be handled: a dead-letter queue.
#[async_trait]
pub trait Parking: Send + Sync {
    /// Keeps the record's text with the reason why it is there.
    ///
    /// # Errors
    /// When it is not certain that it is kept; the record is then not done.
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source>;
}

/// A CloudEvents 1.0 envelope in its JSON format, the form of integration events.
///
/// See <https://github.com/cloudevents/spec>, JSON event format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The domain event's id: duplicates carry the same.
    pub id: String,
    /// Who says so.
    pub source: String,
    /// What kind.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Which aggregate.
    pub subject: String,
    /// When.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// Names the schema of `data`.
    pub dataschema: String,
    /// The stream's version, so that a consumer can order what arrives out of order.
    pub sequence: String,
    /// The facts.
    pub data: Payload,
}

const _: () = assert!(BUS_BATCH_MAX == 10, "PublishBatch and PutEvents take ten");
