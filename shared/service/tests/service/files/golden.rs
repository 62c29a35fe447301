//! Golden files: every event version ever stored still decodes to the same events.
//!
//! A new schema version adds a file. Never edit the payloads of old files: they are what stores hold. Edit the expected
//! events only to follow the newest shape.

use std::collections::BTreeSet;

use dekigoto::Payload;
use order_service::service;

use super::{Case, Stored, golden_files};

/// Every event type in the registry, with its newest schema version.
fn newest() -> Vec<(String, u32)> {
    let service = service();
    let all = service.aggregates().iter().flat_map(|aggregate| aggregate.events());
    all.map(|(name, version)| ((*name).to_owned(), *version)).collect()
}

fn read(name: &str, version: u32, case: &Case) -> Vec<Stored> {
    let (service, payload) = (service(), Payload::of(&case.payload).unwrap());
    let knows = |known: &(&str, u32)| known.0 == name;
    let reader = service.readers().iter().find(|it| it.events().iter().any(knows)).unwrap();
    let events = reader.upcast(name, version, &payload);
    let events =
        events.unwrap_or_else(|cause| panic!("{name} v{version} no longer decodes: {cause}"));
    events
        .into_iter()
        .map(|event| Stored {
            event_type: event.event_type,
            schema_version: event.schema_version,
            payload: event.payload.read().unwrap(),
        })
        .collect()
}

#[test]
fn every_event_version_has_a_golden_file_and_vice_versa() {
    let versions: BTreeSet<(String, u32)> = newest()
        .into_iter()
        .flat_map(|(name, newest)| (1..=newest).map(move |version| (name.clone(), version)))
        .collect();
    let files: BTreeSet<(String, u32)> = golden_files().into_keys().collect();
    assert_eq!(files, versions, "tests/golden (left) against the events in the code (right)");
}

#[test]
fn every_golden_payload_decodes_to_its_expected_events() {
    for ((name, version), cases) in golden_files() {
        assert!(!cases.is_empty(), "{name} v{version} has no example");
        for case in cases {
            let means = read(&name, version, &case);
            assert_eq!(means, case.means, "{name} v{version} {}", case.payload);
        }
    }
}

#[test]
fn every_golden_payload_upcasts_to_the_newest_version() {
    let newest: BTreeSet<(String, u32)> = newest().into_iter().collect();
    for ((name, version), cases) in golden_files() {
        for stored in cases.into_iter().flat_map(|case| case.means) {
            let reached = (stored.event_type, stored.schema_version);
            assert!(newest.contains(&reached), "{name} v{version} ends at {reached:?}");
        }
    }
}
