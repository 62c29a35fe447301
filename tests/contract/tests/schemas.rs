//! A JSON Schema (2020-12) of each event and version.

use dekigoto_testkit::ClosedSchema;
use serde_json::{Value, json};

use crate::catalogue::{Event, Kind, events};

/// The files of `infra/schemas`, by their names.
pub(crate) fn files() -> Vec<(String, Value)> {
    events().iter().map(|event| (format!("{}.json", event.key()), document(event))).collect()
}

/// The schema of an event as a complete document.
pub(crate) fn document(event: &Event) -> Value {
    let mut schema = event.schema.clone();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["$id"] = json!(event.schema_id());
    schema["title"] = json!(event.name);
    schema["description"] = json!(format!("{} {}", event.description(), place(event)));
    schema["examples"] = json!(event.examples);
    schema
}

/// Where the data is in a message.
fn place(event: &Event) -> String {
    match &event.kind {
        Kind::Domain { newest, .. } => {
            let version = event.version;
            let age = if version < *newest {
                format!(" New events have version {newest}; stored ones of version {version} stay.")
            } else {
                String::new()
            };
            format!("This is the `payload` of a message on the topic; ignore unknown fields.{age}")
        }
        Kind::Integration { .. } => {
            "This is the `data` of a CloudEvents 1.0 event on the bus; ignore unknown fields."
                .to_owned()
        }
    }
}

#[test]
fn every_published_event_matches_its_schema() {
    for event in events() {
        let schema = ClosedSchema::new(&document(&event));
        for example in &event.examples {
            let faults = schema.faults(example);
            assert!(faults.is_empty(), "{} {example}: {faults:?}", event.key());
        }
    }
}

#[test]
fn the_id_of_a_schema_is_what_cloud_events_name() {
    for event in events() {
        for message in &event.messages {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            match event.kind {
                Kind::Integration { .. } => assert_eq!(body["dataschema"], event.schema_id()),
                Kind::Domain { .. } => assert_eq!(body["dataschema"], Value::Null),
            }
        }
    }
}

#[test]
fn a_field_that_is_missing_or_has_another_type_breaks_the_schema() {
    for event in events() {
        let closed = ClosedSchema::new(&document(&event));
        let required = event.schema["required"].as_array().cloned().unwrap_or_default();
        for data in &event.examples {
            for name in required.iter().filter_map(Value::as_str) {
                let mut without = data.clone();
                without.as_object_mut().unwrap().remove(name).unwrap();
                assert!(!closed.faults(&without).is_empty(), "{} without {name}", event.key());
            }
            for name in data.as_object().unwrap().keys() {
                let mut other = data.clone();
                let is_boolean = other[name].is_boolean();
                other[name] = if is_boolean { "true".into() } else { true.into() };
                assert!(
                    !closed.faults(&other).is_empty(),
                    "{}: {name} of another type",
                    event.key()
                );
            }
        }
    }
}

#[test]
fn every_event_and_every_field_is_described() {
    for event in events() {
        let undescribed = undescribed(&event.schema, &event.key());
        assert!(undescribed.is_empty(), "add doc comments to the types: {undescribed:?}");
    }
}

fn undescribed(schema: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    if schema["description"].as_str().unwrap_or_default().is_empty() {
        found.push(place.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(undescribed(field, &format!("{place}.{name}")));
    }
    if schema["items"].is_object() {
        found.extend(undescribed(&schema["items"], &format!("{place}[]")));
    }
    found
}
