//! Every event that subscribers can get, read from the registry and the golden files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use dekigoto::{
    Commit, Context, Envelope, Fingerprint, Head, Message, NewEvent, Payload, StreamId,
    contract::EventType, relay::SCHEMA_BASE, relay::schema_id,
};
use order_service::service;
use orders::OrderId;
use serde_json::Value;

use crate::compatible::ADVICE;

/// The name and the version of an event.
pub(crate) type Name = (String, u32);

/// The time of every sample.
const AT: &str = "2026-11-23T09:00:00.123Z";
/// A golden payload with this field is one that newer code wrote, so it is no example of today's contract.
const OF_NEWER_CODE: &str = "addedLater";

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// One event in one version.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) kind: Kind,
    /// The schema of its data, as derived from the type.
    pub(crate) schema: Value,
    /// Examples of its data.
    pub(crate) examples: Vec<Value>,
    /// The messages of these examples, as subscribers get them.
    pub(crate) messages: Vec<Message>,
}

/// Where an event is published.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// On the topic.
    Domain {
        aggregate: &'static str,
        /// The newest version of the event, the only one that is still written.
        newest: u32,
    },
    /// On the bus.
    Integration {
        cloud_type: String,
        /// The domain events that it announces.
        announces: BTreeSet<String>,
    },
}

impl Event {
    pub(crate) fn key(&self) -> String {
        format!("{}.v{}", self.name, self.version)
    }

    pub(crate) fn schema_id(&self) -> String {
        schema_id(SCHEMA_BASE, &self.name, self.version)
    }

    pub(crate) fn description(&self) -> &str {
        self.schema["description"].as_str().unwrap_or_default()
    }
}

/// All events: those of the topic, in the order of the registry, then those of the bus.
pub(crate) fn events() -> Vec<Event> {
    let mut events = domain_events();
    let announced = integration_events(&events);
    events.extend(announced);
    events
}

/// What the types say about an event.
fn typed(name: &str, version: u32) -> EventType {
    let types = orders::event_types();
    let found = types.into_iter().find(|it| it.name == name && it.version == version);
    found.unwrap_or_else(|| {
        panic!(
            "{name} version {version} has no schema: derive schemars::JsonSchema for its type, as the types beside it do, \
             and add it to event_types() in the mod.rs of its aggregate in shared/orders"
        )
    })
}

fn domain_events() -> Vec<Event> {
    let golden = golden_files();
    let service = service();
    let mut events = Vec::new();
    for aggregate in service.aggregates() {
        for (name, newest) in aggregate.events() {
            for version in 1..=*newest {
                let key = ((*name).to_owned(), version);
                let examples = golden.get(&key).cloned().unwrap_or_default();
                assert!(!examples.is_empty(), "tests/golden/{name}.v{version}.json is missing");
                let envelopes = envelopes(aggregate.name(), &key, &examples);
                events.push(Event {
                    name: key.0.clone(),
                    version,
                    kind: Kind::Domain { aggregate: aggregate.name(), newest: *newest },
                    schema: typed(name, version).schema,
                    messages: envelopes.iter().map(Message::of).collect(),
                    examples,
                });
            }
        }
    }
    events
}

fn integration_events(domain: &[Event]) -> Vec<Event> {
    let service = service();
    let announcements = service.announcements();
    let mut found: BTreeMap<Name, Event> = BTreeMap::new();
    for event in domain {
        for message in &event.messages {
            let envelope: Envelope = serde_json::from_str(&message.body).unwrap();
            let messages = announcements.messages(&envelope);
            let messages =
                messages.unwrap_or_else(|cause| panic!("{}: {cause}. {ADVICE}", event.key()));
            let announced = announcements.events(&envelope).unwrap();
            for (it, message) in announced.into_iter().zip(messages) {
                let cloud: Value = serde_json::from_str(&message.body).unwrap();
                let key = (it.detail_type.to_owned(), it.schema_version);
                let entry = found.entry(key.clone()).or_insert_with(|| Event {
                    schema: typed(it.detail_type, it.schema_version).schema,
                    name: key.0,
                    version: key.1,
                    kind: Kind::Integration {
                        cloud_type: cloud["type"].as_str().unwrap().to_owned(),
                        announces: BTreeSet::new(),
                    },
                    examples: Vec::new(),
                    messages: Vec::new(),
                });
                entry.examples.push(cloud["data"].clone());
                entry.messages.push(message);
                if let Kind::Integration { announces, .. } = &mut entry.kind {
                    announces.insert(event.name.clone());
                }
            }
        }
    }
    found.into_values().collect()
}

/// An envelope for each example, each in a stream of its own, so that all have different ids.
fn envelopes(aggregate: &str, (name, version): &Name, examples: &[Value]) -> Vec<Envelope> {
    let numbered = examples.iter().enumerate();
    let envelope = |(number, payload): (usize, &Value)| {
        let key = format!("{name}-v{version}-{number}").parse().unwrap();
        let stream = StreamId::new(aggregate, OrderId::derive("golden", &key).to_string());
        let event = NewEvent {
            event_type: name.clone(),
            schema_version: *version,
            payload: Payload::of(payload).unwrap(),
        };
        let mut context = Context::new(AT.parse().unwrap(), key, "golden");
        context.correlation_id = format!("golden-{name}-{number}");
        context.traceparent = Some(TRACE.to_owned());
        let head = Head::empty(stream.unwrap());
        let commit = Commit::after(&head, vec![event], context, Fingerprint::of(&[])).unwrap();
        commit.envelopes().next().unwrap()
    };
    numbered.map(envelope).collect()
}

/// The payloads of the golden files, by event and version.
fn golden_files() -> BTreeMap<Name, Vec<Value>> {
    let folder = repository().join("tests/golden");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let payloads = cases.into_iter().map(|case| case["payload"].clone());
        (name_of(&path), payloads.filter(|it| it[OF_NEWER_CODE].is_null()).collect())
    };
    paths.map(read).collect()
}

/// `OrderPlaced` and 1 of `OrderPlaced.v1.json`.
pub(crate) fn name_of(path: &Path) -> Name {
    let stem = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    let parts =
        stem.split_once(".v").and_then(|(name, it)| Some((name.to_owned(), it.parse().ok()?)));
    parts.unwrap_or_else(|| panic!("{} is not named <Name>.v<number>.json", path.display()))
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_schema_belongs_to_an_event_that_is_published() {
    let published: BTreeSet<Name> =
        events().into_iter().map(|event| (event.name, event.version)).collect();
    for typed in orders::event_types() {
        let name = (typed.name.to_owned(), typed.version);
        assert!(
            published.contains(&name),
            "event_types() names {name:?}, which is never published"
        );
    }
}

#[test]
fn every_sample_message_has_an_id_of_its_own() {
    let ids = events().into_iter().flat_map(|event| event.messages).map(|message| {
        let body: Value = serde_json::from_str(&message.body).unwrap();
        let id = if body["eventId"].is_null() { &body["id"] } else { &body["eventId"] };
        (body["specversion"].is_null(), id.to_string())
    });
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}
