//! From domain events to what other services are told: CloudEvents on the bus.

use dekigoto::{Aggregate as _, CloudEvent, Envelope, Message, Payload, SchemaError};
use orders::{
    InvalidId,
    integration::{IntegrationEvent, of_order, of_payment},
    order::Order,
    payment::Payment,
};

/// An event that cannot be told to others.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    /// It is not one of ours, or not one that this code knows.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Its stream is not an order's.
    #[error("the stream is not an order's: {0}")]
    Stream(#[from] InvalidId),
    /// It has no JSON form.
    #[error("it has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// The integration events of one domain event; none where nobody is told.
pub(crate) fn messages(event: &Envelope, source: &str) -> Result<Vec<Message>, Untold> {
    let at = event.occurred_at;
    let told: Result<Vec<IntegrationEvent>, serde_json::Error> = match &*event.aggregate_type {
        Order::TYPE => {
            let order = event.aggregate_id.parse()?;
            event.decode()?.iter().map(|each| of_order(order, each, at)).collect()
        }
        Payment::TYPE => {
            let order = event.aggregate_id.parse()?;
            event.decode()?.iter().map(|each| of_payment(order, each, at)).collect()
        }
        _ => Ok(Vec::new()),
    };
    let numbered = told?.into_iter().enumerate();
    numbered.map(|(place, told)| message(event, source, place, told)).collect()
}

fn message(
    event: &Envelope,
    source: &str,
    place: usize,
    told: IntegrationEvent,
) -> Result<Message, Untold> {
    // A duplicate carries the same id, and two events that an upcast made of one do not share theirs.
    let id = match place {
        0 => event.event_id.to_string(),
        more => format!("{}-{more}", event.event_id),
    };
    let cloud_event = CloudEvent {
        specversion: "1.0".to_owned(),
        id,
        source: source.to_owned(),
        event_type: told.detail_type.to_owned(),
        subject: event.aggregate_id.clone(),
        time: event.occurred_at,
        datacontenttype: "application/json".to_owned(),
        dataschema: told.schema_id(),
        sequence: event.version.to_string(),
        data: told.data,
    };
    Ok(Message {
        body: Payload::of(&cloud_event)?.as_str().to_owned(),
        attributes: Vec::new(),
        kind: told.detail_type.to_owned(),
        at: event.occurred_at,
    })
}
