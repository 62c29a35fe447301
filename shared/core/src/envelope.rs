//! The envelope: an event as every consumer sees it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    CommandKey, Context, EventSchema, InvalidStreamId, Payload, SchemaError, StreamId, Timestamp,
    Version,
};

/// One published event with its metadata. Its JSON is the wire format.
///
/// Readers ignore unknown fields, so a field can be added without breaking a consumer.
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

/// Who caused an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Groups everything that one request causes, across services.
    pub correlation_id: String,
    /// The direct cause: a request or an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// The key of the command.
    pub command_key: CommandKey,
    /// Who sent the command.
    pub actor: String,
    /// The W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Metadata {
    pub(crate) fn of(context: &Context) -> Self {
        Self {
            correlation_id: context.correlation_id.clone(),
            causation_id: context.causation_id.clone(),
            command_key: context.key.clone(),
            actor: context.actor.clone(),
            traceparent: context.traceparent.clone(),
        }
    }
}

impl Envelope {
    /// The event's stream.
    ///
    /// # Errors
    /// When the type or the id cannot name a stream, as in a forged message.
    pub fn stream(&self) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(&*self.aggregate_type, &*self.aggregate_id)
    }

    /// Decodes the domain event; an old one is upcast to one or more of today's events.
    ///
    /// # Errors
    /// [`SchemaError`] when the name is unknown, the version is newer than this code, or the payload is malformed.
    pub fn decode<E: EventSchema>(&self) -> Result<Vec<E>, SchemaError> {
        E::decode(&self.event_type, self.schema_version, &self.payload)
    }
}
