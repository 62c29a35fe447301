//! The event as every consumer sees it: the seven fields of the pattern, and two more.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    CommandKey, Context, EventSchema, InvalidStreamId, Payload, SchemaError, StreamId, Timestamp,
    Version,
};

/// One published event with its metadata. This struct *is* the wire format.
///
/// Unknown fields are ignored on reading, so that a field can be added without breaking a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Unique for ever; a duplicate delivery carries the same.
    pub event_id: Uuid,
    /// The event's name, such as `OrderPlaced`.
    pub event_type: String,
    /// Which aggregate.
    pub aggregate_id: String,
    /// Which kind of aggregate.
    pub aggregate_type: String,
    /// When the command was received that made it happen.
    pub occurred_at: Timestamp,
    /// The event's number in its stream.
    pub version: Version,
    /// The facts.
    pub payload: Payload,
    /// Which shape the payload has.
    pub schema_version: u32,
    /// Who and why.
    pub metadata: Metadata,
}

/// Who caused an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// Names the whole conversation, across services.
    pub correlation_id: String,
    /// Names the direct cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// The command's key.
    pub command_key: CommandKey,
    /// On whose behalf.
    pub actor: String,
    /// W3C trace context.
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
    /// When a message names a stream that cannot exist.
    pub fn stream(&self) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(&*self.aggregate_type, &*self.aggregate_id)
    }

    /// What the event means today: one domain event, or those that an upcast makes of an old one.
    ///
    /// # Errors
    /// [`SchemaError`] when `E` has no event of that name, knows only older versions, or the payload another shape.
    pub fn decode<E: EventSchema>(&self) -> Result<Vec<E>, SchemaError> {
        E::decode(&self.event_type, self.schema_version, &self.payload)
    }
}
