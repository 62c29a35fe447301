//! Every event version that was ever written decodes for ever, and means what it meant.
//!
//! A new schema version adds a file. The payloads of old files are never edited: they are what stores hold. What they
//! mean is edited only to follow the newest shape.

use std::collections::BTreeSet;

use dekigoto::Payload;
use order_service::service;

use super::{Case, Stored, golden_files};

/// Every event of every aggregate of the registry, with the newest version of its payload.
fn newest() -> Vec<(String, u32)> {
    let service = service();
    let all = service.aggregates().iter().flat_map(|aggregate| aggregate.events());
    all.map(|(name, version)| ((*name).to_owned(), *version)).collect()
}

fn read(name: &str, version: u32, case: &Case) -> Vec<Stored> {
    let (service, payload) = (service(), Payload::of(&case.payload).unwrap());
    let knows = |known: &(&str, u32)| known.0 == name;
    let aggregate = service.aggregates().iter().find(|it| it.events().iter().any(knows)).unwrap();
    let events = aggregate.upcast(name, version, &payload);
    let events = events
        .unwrap_or_else(|cause| panic!("{name} v{version} does not decode any more: {cause}"));
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
fn every_version_of_every_event_has_a_file_and_every_file_an_event() {
    let versions: BTreeSet<(String, u32)> = newest()
        .into_iter()
        .flat_map(|(name, newest)| (1..=newest).map(move |version| (name.clone(), version)))
        .collect();
    let files: BTreeSet<(String, u32)> = golden_files().into_keys().collect();
    assert_eq!(files, versions, "tests/golden (left) against the events in the code (right)");
}

#[test]
fn every_version_of_every_event_means_what_it_meant() {
    for ((name, version), cases) in golden_files() {
        assert!(!cases.is_empty(), "{name} v{version} has no example");
        for case in cases {
            let means = read(&name, version, &case);
            assert_eq!(means, case.means, "{name} v{version} {}", case.payload);
        }
    }
}

#[test]
fn the_newest_version_is_what_every_file_leads_to() {
    let newest: BTreeSet<(String, u32)> = newest().into_iter().collect();
    for ((name, version), cases) in golden_files() {
        for stored in cases.into_iter().flat_map(|case| case.means) {
            let reached = (stored.event_type, stored.schema_version);
            assert!(newest.contains(&reached), "{name} v{version} ends at {reached:?}");
        }
    }
}
