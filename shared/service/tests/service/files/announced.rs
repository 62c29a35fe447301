//! The README's table of integration events. Their schemas are tested in `tests/contract`.

use std::fs;

use dekigoto::{
    Commit, Context, Fingerprint, Head, NewEvent, Payload, StreamId, relay::IntegrationEvent,
};
use order_service::service;

use super::{golden_files, repository};

/// The integration events that announce every golden event, each with the name of its domain event.
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

#[test]
fn the_readme_maps_domain_events_to_integration_events() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    for (domain_event, event) in announced() {
        let (detail_type, cloud_type) = (event.detail_type, event.cloud_type("jp.dekigoto.orders"));
        let line = format!("| `{domain_event}` | `{detail_type}` | `{cloud_type}` |");
        assert!(readme.contains(&line), "add to README.md: {line}");
    }
}
