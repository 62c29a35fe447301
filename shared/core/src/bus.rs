//! Ports for what leaves the system: topics, buses and queues.

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

/// One message on its way out, in the words of SNS and of EventBridge alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The body: JSON.
    pub body: String,
    /// Attributes that subscribers filter on.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What kind of message: the event's type, or the integration event's detail type.
    pub kind: String,
    /// When it happened.
    pub at: Timestamp,
}

impl Message {
    /// The message that tells of a domain event: the envelope as JSON, of the event's kind, with the attributes
    /// `eventType`, `aggregateType`, `schemaVersion` (a number) and, where it is known, `traceparent`.
    /// [`Envelope::from_message`] reads it.
    #[must_use]
    pub fn of(event: &Envelope) -> Self {
        let mut attributes = vec![
            ("eventType", Attribute::Text(event.event_type.clone())),
            ("aggregateType", Attribute::Text(event.aggregate_type.clone())),
            ("schemaVersion", Attribute::Number(event.schema_version)),
        ];
        // A topic refuses a message with an attribute that it cannot carry, so only what looks like a trace goes along.
        let trace = event.metadata.traceparent.as_ref().filter(|it| is_traceparent(it));
        attributes.extend(trace.map(|it| ("traceparent", Attribute::Text(it.clone()))));
        Self {
            // An envelope is strings, numbers and raw JSON: it always has a JSON form.
            body: serde_json::to_string(event).unwrap_or_default(),
            attributes,
            kind: event.event_type.clone(),
            at: event.occurred_at,
        }
    }

    /// Bytes that count against a bus's limit.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let bytes = |value: &Attribute| value.to_string().len() + ATTRIBUTE_TYPE_BYTES_MAX;
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + bytes(value));
        self.body.len() + self.kind.len() + attributes.sum::<usize>()
    }
}

/// More than the name of an attribute's type takes, `String` or `Number`.
const ATTRIBUTE_TYPE_BYTES_MAX: usize = 16;

/// Whether the text has the shape of a W3C trace context.
fn is_traceparent(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_hexdigit() || char == '-';
    text.len() == TRACEPARENT_BYTES && text.chars().all(is_part)
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

/// One of the places that a commit is published to.
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

/// Says where a commit is, so that whoever reads the pointer reads the store; and which targets do not have it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// The stream.
    pub stream: StreamId,
    /// The commit.
    pub ordinal: Ordinal,
    /// Where it is still to be published. A pointer that does not say, as older code wrote it, means both.
    #[serde(default = "Pointer::both")]
    pub targets: BTreeSet<Target>,
}

impl Pointer {
    /// The pointer to a commit that no target has.
    #[must_use]
    pub fn new(stream: StreamId, ordinal: Ordinal) -> Self {
        Self { stream, ordinal, targets: Self::both() }
    }

    /// The same for a commit at hand.
    #[must_use]
    pub fn to(commit: &Commit) -> Self {
        Self::new(commit.stream().clone(), commit.ordinal())
    }

    /// The same commit, for these targets only.
    #[must_use]
    pub fn only(&self, targets: impl IntoIterator<Item = Target>) -> Self {
        Self { targets: targets.into_iter().collect(), ..self.clone() }
    }

    /// As a message of the retry queue.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn both() -> BTreeSet<Target> {
        [Target::Topic, Target::Bus].into()
    }
}

/// Takes pointers to commits that could not be published now.
#[async_trait]
pub trait RetryQueue: Send + Sync {
    /// Puts at most [`BUS_BATCH_MAX`] pointers into the queue. The answer has one entry for each pointer, in order.
    ///
    /// # Errors
    /// When the whole request failed. Whether the queue has any of them is unknown then. An entry is an error when it is
    /// not certain that the queue has that pointer.
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source>;
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
