//! The envelope: an event as every consumer sees it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    CommandKey, Context, EventSchema, InvalidStreamId, Payload, SchemaError, StreamId, Timestamp,
    Version,
};

/// One event with its metadata.
///
/// Other services get its [`published`](Self::published) form. Readers ignore unknown fields, so a field can be added
/// without breaking a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Globally unique. A duplicate delivery has the same id.
    pub event_id: Uuid,
    /// The event's name, such as `OrderPlaced`.
    pub event_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The aggregate's type, such as `Order`.
    pub aggregate_type: String,
    /// When the event's command was received.
    pub occurred_at: Timestamp,
    /// The event's number in its stream.
    pub version: Version,
    /// The event's data.
    pub payload: Payload,
    /// The schema version of the payload.
    pub schema_version: u32,
    /// Who caused the event, and why.
    pub metadata: Metadata,
}

/// The actor and the command key of an event as other services get it. Both are internal.
pub const WITHHELD: &str = "withheld";

/// What the causation id of a command of a person begins with; the name of their session follows. Many people may share an
/// actor, such as a role, and a command must stay the same when it is sent again from another session. So the session is no
/// part of the actor. It is internal, too.
pub const SESSION: &str = "session:";

/// Who caused an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Groups everything that one request causes, across services.
    pub correlation_id: String,
    /// The direct cause: a request, an event, or a [`SESSION`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// The key of the command, or [`WITHHELD`].
    #[serde(default = "CommandKey::withheld")]
    pub command_key: CommandKey,
    /// Who sent the command, or [`WITHHELD`].
    #[serde(default = "withheld")]
    pub actor: String,
    /// The W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Metadata {
    pub(crate) fn of(context: Context) -> Self {
        let Context { at: _, key, actor, correlation_id, causation_id, traceparent } = context;
        Self { correlation_id, causation_id, command_key: key, actor, traceparent }
    }

    /// Replaces the actor and the command key, and leaves the session out.
    pub fn withhold(&mut self) {
        self.causation_id = self.published_cause().map(str::to_owned);
        self.command_key = CommandKey::withheld();
        self.actor = withheld();
    }

    /// The direct cause, unless it is a session.
    fn published_cause(&self) -> Option<&str> {
        self.causation_id.as_deref().filter(|cause| !cause.starts_with(SESSION))
    }
}

fn withheld() -> String {
    WITHHELD.to_owned()
}

impl Envelope {
    /// The event's stream.
    ///
    /// # Errors
    /// When the type or the id cannot name a stream, as in a forged message.
    pub fn stream(&self) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(&*self.aggregate_type, &*self.aggregate_id)
    }

    /// The event as other services get it, in JSON: without the actor, the session and the command key.
    ///
    /// ```
    /// use dekigoto::{Envelope, WITHHELD};
    /// let stored = r#"{"eventId":"01932b4c-0000-7000-8000-000000000000","eventType":"OrderConfirmed","aggregateId":"o-1",
    ///   "aggregateType":"Order","occurredAt":"2026-11-23T09:00:00.123Z","version":2,"payload":{},"schemaVersion":1,
    ///   "metadata":{"correlationId":"c","causationId":"session:s-7","commandKey":"k-1","actor":"shop"}}"#;
    /// let published = serde_json::from_str::<Envelope>(stored)?.published();
    /// assert!(!published.contains("k-1") && !published.contains("shop") && !published.contains("s-7"));
    /// assert_eq!(serde_json::from_str::<Envelope>(&published)?.metadata.actor, WITHHELD);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn published(&self) -> String {
        let published = Published {
            event_id: self.event_id,
            event_type: &self.event_type,
            aggregate_id: &self.aggregate_id,
            aggregate_type: &self.aggregate_type,
            occurred_at: self.occurred_at,
            version: self.version,
            payload: &self.payload,
            schema_version: self.schema_version,
            metadata: PublishedMetadata {
                correlation_id: &self.metadata.correlation_id,
                causation_id: self.metadata.published_cause(),
                traceparent: self.metadata.traceparent.as_deref(),
            },
        };
        // Strings, numbers and raw JSON always have a JSON form.
        serde_json::to_string(&published).unwrap_or_default()
    }

    /// Decodes the domain event; an old one is upcast to one or more of today's events.
    ///
    /// # Errors
    /// [`SchemaError`] when the name is unknown, the version is newer than this code, or the payload is malformed.
    pub fn decode<E: EventSchema>(&self) -> Result<Vec<E>, SchemaError> {
        E::decode(&self.event_type, self.schema_version, &self.payload)
    }
}

/// The fields of an [`Envelope`] that other services get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'a> {
    event_id: Uuid,
    event_type: &'a str,
    aggregate_id: &'a str,
    aggregate_type: &'a str,
    occurred_at: Timestamp,
    version: Version,
    payload: &'a Payload,
    schema_version: u32,
    metadata: PublishedMetadata<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishedMetadata<'a> {
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
}
