//! Turns domain events into integration events, which other services receive as CloudEvents.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::{
    Aggregate, CloudEvent, Envelope, Message, Payload, SchemaError, Timestamp, bus::trace_of,
};

/// The `data` of one kind of integration event. It is a public contract: within one schema version, fields are only
/// added.
pub trait IntegrationData: Serialize {
    /// The event's public name, such as `OrderCreatedIntegrationEvent`: EventBridge's detail type. CloudEvents' `type`
    /// is made of it: see [`Announcements::namespace`].
    const TYPE: &'static str;

    /// The version of the schema of `data`.
    const SCHEMA_VERSION: u32;
}

/// An integration event, ready for its CloudEvents envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationEvent {
    /// Its public name.
    pub detail_type: &'static str,
    /// The version of the schema of `data`.
    pub schema_version: u32,
    /// The data, as JSON.
    pub data: Payload,
}

impl IntegrationEvent {
    /// An event with this data.
    ///
    /// # Errors
    /// When the data cannot be written as JSON.
    pub fn new<T: IntegrationData>(data: &T) -> Result<Self, serde_json::Error> {
        Ok(Self {
            detail_type: T::TYPE,
            schema_version: T::SCHEMA_VERSION,
            data: Payload::of(data)?,
        })
    }

    /// CloudEvents' `type` under a namespace, such as `jp.dekigoto.orders.OrderCreated.v1`.
    #[must_use]
    pub fn cloud_type(&self, namespace: &str) -> String {
        let name = self.detail_type.strip_suffix("IntegrationEvent").unwrap_or(self.detail_type);
        format!("{namespace}.{name}.v{}", self.schema_version)
    }

    /// The `$id` of the JSON Schema that `data` follows, under a base: CloudEvents' `dataschema`.
    #[must_use]
    pub fn schema_id(&self, base: &str) -> String {
        schema_id(base, self.detail_type, self.schema_version)
    }
}

/// The base of schema ids of a service that does not say where it serves its schemas. The name is reserved for examples,
/// so it never leads to another's host.
pub const SCHEMA_BASE: &str = "https://dekigoto.example/v1/schemas/";

/// The `$id` of the JSON Schema of an event: the base, which ends with a slash, and the name of the schema's file.
///
/// ```
/// # use dekigoto::relay::schema_id;
/// let id = schema_id("https://docs.example.com/schemas/", "OrderPlaced", 1);
/// assert_eq!(id, "https://docs.example.com/schemas/OrderPlaced.v1.json");
/// ```
#[must_use]
pub fn schema_id(base: &str, name: &str, version: u32) -> String {
    format!("{base}{name}.v{version}.json")
}

/// A pure function from an aggregate's id, an event and its time to the integration events that announce it. Match
/// every variant: a new event then does not compile until the function announces it or returns nothing for it.
pub type Announce<A> = fn(
    &<A as Aggregate>::Id,
    &<A as crate::Decider>::Event,
    Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error>;

/// The [`Announce`] of an aggregate whose events stay inside the service.
///
/// # Errors
/// Never.
pub fn nothing<I, E>(
    _: &I,
    _: &E,
    _: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    Ok(Vec::new())
}

/// Why an event cannot be announced.
#[derive(Debug, thiserror::Error)]
pub enum Unannounced {
    /// The registry does not name the event's aggregate.
    #[error("no aggregate {0:?} is registered; add `.aggregate::<…>(…)` to the service's registry")]
    UnknownAggregate(String),
    /// This code does not understand the event.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The stream's id is not an id of this aggregate.
    #[error("the stream's id is not an id of {0}: {1}")]
    Id(&'static str, String),
    /// An integration event cannot be written as JSON.
    #[error("the integration event has no JSON form")]
    Json(#[from] serde_json::Error),
}

impl Unannounced {
    /// Whether newer code wrote the event, so that it can be announced after the deployment.
    #[must_use]
    pub const fn is_of_newer_code(&self) -> bool {
        match self {
            Self::UnknownAggregate(_) => true,
            Self::Schema(cause) => cause.is_of_newer_code(),
            Self::Id(..) | Self::Json(_) => false,
        }
    }
}

type AnyAnnounce =
    Arc<dyn Fn(&Envelope) -> Result<Vec<IntegrationEvent>, Unannounced> + Send + Sync>;

/// How each aggregate of a service announces its events, and the CloudEvents source that they carry.
#[derive(Clone)]
pub struct Announcements {
    source: String,
    namespace: String,
    schemas: String,
    by_aggregate: BTreeMap<&'static str, AnyAnnounce>,
}

impl Announcements {
    /// Announcements with this CloudEvents source, such as `dekigoto.orders`, and no aggregate yet. The source is also
    /// the namespace of types, until [`namespace`](Self::namespace) sets another.
    #[must_use]
    pub fn by(source: impl Into<String>) -> Self {
        let source = source.into();
        let (namespace, schemas) = (source.clone(), SCHEMA_BASE.to_owned());
        Self { source, namespace, schemas, by_aggregate: BTreeMap::new() }
    }

    /// The same announcements with another namespace of CloudEvents types: a domain name in reverse, such as
    /// `jp.dekigoto.orders`. A type is the namespace, the public name without `IntegrationEvent`, and the schema version.
    #[must_use]
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), ..self }
    }

    /// The same announcements with another base of schema ids: an address that ends with a slash, under which the
    /// service's schemas are served. The default is [`SCHEMA_BASE`].
    #[must_use]
    pub fn schemas_at(self, base: impl Into<String>) -> Self {
        Self { schemas: base.into(), ..self }
    }

    /// The same announcements with another source.
    #[must_use]
    pub fn renamed(self, source: impl Into<String>) -> Self {
        Self { source: source.into(), ..self }
    }

    /// The CloudEvents source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Adds an aggregate.
    #[must_use]
    pub fn of<A: Aggregate>(mut self, announce: Announce<A>) -> Self {
        let any = move |envelope: &Envelope| {
            let id = A::id_of(&envelope.aggregate_id)
                .map_err(|cause| Unannounced::Id(A::TYPE, cause))?;
            let mut announced = Vec::new();
            for event in envelope.decode::<A::Event>()? {
                announced.extend(announce(&id, &event, envelope.occurred_at)?);
            }
            Ok(announced)
        };
        self.by_aggregate.insert(A::TYPE, Arc::new(any));
        self
    }

    /// The integration events that announce a domain event.
    ///
    /// # Errors
    /// [`Unannounced`].
    pub fn events(&self, envelope: &Envelope) -> Result<Vec<IntegrationEvent>, Unannounced> {
        match self.by_aggregate.get(envelope.aggregate_type.as_str()) {
            Some(announce) => announce(envelope),
            None => Err(Unannounced::UnknownAggregate(envelope.aggregate_type.clone())),
        }
    }

    /// The same events as messages for the bus.
    ///
    /// # Errors
    /// [`Unannounced`].
    pub fn messages(&self, envelope: &Envelope) -> Result<Vec<Message>, Unannounced> {
        let numbered = self.events(envelope)?.into_iter().enumerate();
        numbered.map(|(place, event)| message(envelope, self, place, event)).collect()
    }
}

fn message(
    envelope: &Envelope,
    announcements: &Announcements,
    place: usize,
    event: IntegrationEvent,
) -> Result<Message, Unannounced> {
    // A duplicate carries the same id. Two integration events of one domain event have different ids.
    let (id, version) = (envelope.event_id, envelope.version.get());
    let (id, sequence) = match place {
        0 => (id.to_string(), format!("{version:019}")),
        more => (format!("{id}-{more}"), format!("{version:019}-{more}")),
    };
    let correlation = Some(&envelope.metadata.correlation_id).filter(|it| !it.is_empty());
    let cloud_event = CloudEvent {
        specversion: "1.0".to_owned(),
        id,
        source: announcements.source.clone(),
        event_type: event.cloud_type(&announcements.namespace),
        subject: format!("{}/{}", envelope.aggregate_type, envelope.aggregate_id),
        time: envelope.occurred_at,
        datacontenttype: "application/json".to_owned(),
        dataschema: event.schema_id(&announcements.schemas),
        sequence,
        correlationid: correlation.cloned(),
        traceparent: trace_of(envelope),
        data: event.data,
    };
    Ok(Message {
        key: envelope.aggregate_id.clone(),
        body: Payload::of(&cloud_event)?.as_str().to_owned(),
        attributes: Vec::new(),
        kind: event.detail_type.to_owned(),
        at: envelope.occurred_at,
    })
}
