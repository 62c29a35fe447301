//! Ports for outgoing messages: topics, buses and queues.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Commit, Envelope, Ordinal, Payload, Source, StreamId, Timestamp,
    limits::{BUS_BATCH_MAX, TRACEPARENT_BYTES},
};

/// A value that subscribers filter on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Attribute {
    /// Compared as text.
    Text(String),
    /// Compared as a number, so that a filter can ask for a range.
    Number(u32),
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// One outgoing message, for SNS, EventBridge or Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The aggregate's id. A bus that keeps order keeps it among the messages of one key.
    pub key: String,
    /// The body: JSON.
    pub body: String,
    /// Attributes that subscribers filter on.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// The kind of message: the event's type, or the integration event's detail type.
    pub kind: String,
    /// When the event happened.
    pub at: Timestamp,
}

impl Message {
    /// The message for a domain event: its [`published`](Envelope::published) form, with the event's type as its kind and
    /// the attributes `eventType`, `aggregateType`, `schemaVersion` (a number) and, if known, `traceparent`.
    /// [`Envelope::from_message`] reads it.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        let mut attributes = vec![
            ("eventType", Attribute::Text(event.event_type.clone())),
            ("aggregateType", Attribute::Text(event.aggregate_type.clone())),
            ("schemaVersion", Attribute::Number(event.schema_version)),
        ];
        attributes.extend(trace_of(event).map(|it| ("traceparent", Attribute::Text(it))));
        Self {
            key: event.aggregate_id.clone(),
            body: event.published(),
            attributes,
            kind: event.event_type.clone(),
            at: event.occurred_at,
        }
    }

    /// Bytes that count towards a bus's limit.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let bytes = |value: &Attribute| value.to_string().len() + ATTRIBUTE_TYPE_BYTES_MAX;
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + bytes(value));
        self.key.len() + self.body.len() + self.kind.len() + attributes.sum::<usize>()
    }
}

/// More than the bytes of an attribute type's name, `String` or `Number`.
const ATTRIBUTE_TYPE_BYTES_MAX: usize = 16;

/// The event's trace context, if it is well formed. A topic refuses a message with an invalid attribute.
pub(crate) fn trace_of(event: &Envelope) -> Option<String> {
    event.metadata.traceparent.clone().filter(|it| is_traceparent(it))
}

/// Whether the text has the shape of a W3C trace context.
fn is_traceparent(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_hexdigit() || char == '-';
    text.len() == TRACEPARENT_BYTES && text.chars().all(is_part)
}

/// Why one message of a batch was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus refused the message: {code}")]
pub struct Refused {
    /// The bus's error code; never text from the message.
    pub code: String,
    /// Whether the message itself is the cause, so that sending it again cannot help.
    pub for_good: bool,
}

/// Accepts messages in batches: an SNS topic, an EventBridge bus, or a bus in memory.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends at most [`BUS_BATCH_MAX`] messages in one request. The answer has one entry for each message, in order.
    ///
    /// # Errors
    /// When the whole request failed. Some messages may have been accepted.
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source>;
}

/// A place that commits are published to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// The topic, for domain events.
    Topic,
    /// The bus, for integration events.
    Bus,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Topic => "topic",
            Self::Bus => "bus",
        })
    }
}

/// Names a commit in the store, and the targets that do not have it yet. Readers of a pointer read the commit from the
/// store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// The stream.
    pub stream: StreamId,
    /// The commit.
    pub ordinal: Ordinal,
    /// The targets that do not have the commit yet. Older code wrote pointers without targets, which means both.
    #[serde(default = "Pointer::both")]
    pub targets: BTreeSet<Target>,
}

impl Pointer {
    /// The pointer to a commit that no target has.
    #[must_use]
    pub fn new(stream: StreamId, ordinal: Ordinal) -> Self {
        Self { stream, ordinal, targets: Self::both() }
    }

    /// The pointer to this commit, which no target has.
    #[must_use]
    pub fn to(commit: &Commit) -> Self {
        Self::new(commit.stream().clone(), commit.ordinal())
    }

    /// The same commit, for these targets only.
    #[must_use]
    pub fn only(&self, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { targets: targets.into_iter().collect(), ..self.clone() }
    }

    /// The pointer as a message of the retry queue.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn both() -> BTreeSet<Target> {
        [Target::Topic, Target::Bus].into()
    }
}

/// Accepts pointers to commits that could not be published now.
#[async_trait]
pub trait RetryQueue: Send + Sync {
    /// Puts at most [`BUS_BATCH_MAX`] pointers into the queue. The answer has one entry for each pointer, in order.
    ///
    /// # Errors
    /// When the whole request failed. The queue may have some of the pointers. An entry is an error unless the queue
    /// certainly has its pointer.
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source>;
}

/// Parks what cannot be handled, in a dead-letter queue.
#[async_trait]
pub trait Parking: Send + Sync {
    /// Stores the record's text with the reason.
    ///
    /// # Errors
    /// When the text may not have been stored. The record is then not done.
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source>;

    /// Stores a record that may come again although it is parked, such as one of a log behind a record that waits. While the
    /// same text is kept under this key, it is not stored again. A parking that cannot tell stores it each time.
    ///
    /// # Errors
    /// When the text may not have been stored. The record is then not done.
    async fn park_once(&self, _key: &str, body: &str, reason: &str) -> Result<(), Source> {
        self.park(body, reason).await
    }
}

/// A CloudEvents 1.0 envelope in its JSON format, the form of integration events. `source`, `subject` and `sequence`
/// together are unique, so a consumer can recognise duplicates and order the events of a subject.
///
/// See <https://github.com/cloudevents/spec>: JSON event format, and the extensions for sequence and distributed tracing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The domain event's id, with a suffix for its second and later integration events. Duplicates have the same id.
    pub id: String,
    /// The service that announces the event.
    pub source: String,
    /// The public name with its schema version, such as `jp.dekigoto.orders.OrderCreated.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The aggregate, such as `Order/c2e4…`.
    pub subject: String,
    /// When the event happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The id of the schema of `data`.
    pub dataschema: String,
    /// The event's version in 19 digits, so that it sorts as text, with a suffix as in `id`.
    pub sequence: String,
    /// Groups everything that one request causes, across services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// The W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The data, as JSON.
    pub data: Payload,
}

const _: () = assert!(BUS_BATCH_MAX == 10, "PublishBatch and PutEvents take ten");
