//! How the stored events of an aggregate are read, for tools and tests. A service uses the engine.

use crate::{Aggregate, Envelope, EventSchema, NewEvent, Payload, SchemaError};

/// Reads the events of one aggregate.
#[derive(Clone)]
pub struct Reader {
    aggregate: &'static str,
    events: &'static [(&'static str, u32)],
    upcast: fn(&str, u32, &Payload) -> Result<Vec<NewEvent>, SchemaError>,
    state: fn(&[Envelope]) -> Result<Payload, SchemaError>,
}

impl Reader {
    pub(super) fn of<A: Aggregate>() -> Self {
        let events = A::Event::NEWEST;
        Self { aggregate: A::TYPE, events, upcast: upcast::<A::Event>, state: state::<A> }
    }

    /// The aggregate's type.
    #[must_use]
    pub fn aggregate(&self) -> &'static str {
        self.aggregate
    }

    /// Every event name with its newest schema version.
    #[must_use]
    pub fn events(&self) -> &'static [(&'static str, u32)] {
        self.events
    }

    /// Upcasts a stored event to its newest schema version. For golden files.
    ///
    /// # Errors
    /// [`SchemaError`] when the event cannot be decoded.
    pub fn upcast(
        &self,
        event_type: &str,
        schema_version: u32,
        payload: &Payload,
    ) -> Result<Vec<NewEvent>, SchemaError> {
        (self.upcast)(event_type, schema_version, payload)
    }

    /// The aggregate's state after these events, as JSON.
    ///
    /// # Errors
    /// [`SchemaError`] when an event cannot be decoded.
    pub fn state(&self, events: &[Envelope]) -> Result<Payload, SchemaError> {
        (self.state)(events)
    }
}

fn upcast<E: EventSchema>(
    event_type: &str,
    schema_version: u32,
    payload: &Payload,
) -> Result<Vec<NewEvent>, SchemaError> {
    let events = E::decode(event_type, schema_version, payload)?;
    let encoded = events.iter().map(|event| {
        event.encode().map_err(|cause| SchemaError::Malformed {
            event_type: event_type.to_owned(),
            schema_version,
            line: cause.line(),
            column: cause.column(),
        })
    });
    encoded.collect()
}

fn state<A: Aggregate>(events: &[Envelope]) -> Result<Payload, SchemaError> {
    let mut state = A::State::default();
    for event in events {
        state = A::fold(state, &event.decode::<A::Event>()?);
    }
    Payload::of(&state).map_err(|cause| SchemaError::Malformed {
        event_type: format!("the state of {}", A::TYPE),
        schema_version: A::SNAPSHOT_SCHEMA,
        line: cause.line(),
        column: cause.column(),
    })
}
