//! Integration events match the schemas under `infra/schemas`. Tested with every event version ever stored.

use std::{collections::BTreeSet, fs};

use dekigoto::{
    Commit, Context, Fingerprint, Head, NewEvent, Payload, StreamId, relay::IntegrationEvent,
};
use dekigoto_testkit::ClosedSchema;
use order_service::service;
use serde_json::Value;

use super::{files, golden_files, repository};

/// The integration events that announce every golden event.
fn published() -> Vec<IntegrationEvent> {
    announced().into_iter().map(|(_, event)| event).collect()
}

/// The same, each with the name of its domain event.
fn announced() -> Vec<(String, IntegrationEvent)> {
    let service = service();
    let mut published = Vec::new();
    for ((name, version), cases) in golden_files() {
        let knows = |known: &(&str, u32)| known.0 == name;
        let aggregate =
            service.aggregates().iter().find(|it| it.events().iter().any(knows)).unwrap();
        let stream = StreamId::new(aggregate.name(), "427121ed-1e34-5e29-9425-7f35d5061ef6");
        let head = Head::empty(stream.unwrap());
        for case in cases {
            let event = NewEvent {
                event_type: name.clone(),
                schema_version: version,
                payload: Payload::of(&case.payload).unwrap(),
            };
            let at = "2026-11-23T09:00:00.123Z".parse().unwrap();
            let context = Context::new(at, "golden".parse().unwrap(), "golden");
            let commit = Commit::after(&head, vec![event], context, Fingerprint::of(&[])).unwrap();
            let envelope = commit.envelopes().next().unwrap();
            let events = service.announcements().events(&envelope).unwrap();
            published.extend(events.into_iter().map(|event| (name.clone(), event)));
        }
    }
    published
}

fn data(event: &IntegrationEvent) -> Value {
    event.data.read().unwrap()
}

fn schema(event: &IntegrationEvent) -> Value {
    let name = (event.detail_type.to_owned(), event.schema_version);
    files("infra/schemas").remove(&name).unwrap_or_else(|| panic!("no schema for {name:?}"))
}

#[test]
fn every_integration_event_has_a_schema_and_vice_versa() {
    let events: BTreeSet<(String, u32)> = published()
        .into_iter()
        .map(|event| (event.detail_type.to_owned(), event.schema_version))
        .collect();
    let schemas: BTreeSet<(String, u32)> = files("infra/schemas").into_keys().collect();
    assert_eq!(schemas, events, "infra/schemas (left) against what is published (right)");
}

#[test]
fn published_integration_events_match_their_schema() {
    for event in published() {
        let faults = ClosedSchema::new(&schema(&event)).faults(&data(&event));
        assert!(faults.is_empty(), "{} {}: {faults:?}", event.detail_type, data(&event));
    }
}

#[test]
fn the_id_of_a_schema_is_what_events_name() {
    for event in published() {
        let schema = schema(&event);
        assert_eq!(schema["$id"], event.schema_id());
        assert_eq!(schema["title"], event.detail_type);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn the_examples_in_a_schema_are_published_events() {
    let published = published();
    for event in &published {
        let same_type = published.iter().filter(|other| other.detail_type == event.detail_type);
        let same_type: Vec<Value> = same_type.map(data).collect();
        let schema = schema(event);
        let examples = schema["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{}", event.detail_type);
        for example in examples {
            assert!(same_type.contains(example), "{} is never {example}", event.detail_type);
        }
    }
}

#[test]
fn a_field_that_is_missing_or_has_another_type_breaks_the_schema() {
    for event in published() {
        let (schema, data) = (schema(&event), data(&event));
        let closed = ClosedSchema::new(&schema);
        for name in schema["required"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            let mut without = data.clone();
            without.as_object_mut().unwrap().remove(name).unwrap();
            assert!(!closed.faults(&without).is_empty(), "without {name}");
        }
        for name in data.as_object().unwrap().keys() {
            let mut other = data.clone();
            other[name] = Value::Bool(true);
            assert!(!closed.faults(&other).is_empty(), "{name} as a boolean");
        }
    }
}

#[test]
fn the_readme_maps_domain_events_to_integration_events() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    for (domain_event, event) in announced() {
        let (detail_type, cloud_type) = (event.detail_type, event.cloud_type("jp.dekigoto.orders"));
        let line = format!("| `{domain_event}` | `{detail_type}` | `{cloud_type}` |");
        assert!(readme.contains(&line), "add to README.md: {line}");
    }
}
