//! Streams to project, and a projector on stores that fail as told.

use std::sync::Arc;

use dekigoto::{
    Commit, Envelope, EventStore as _, Head, NewEvent, Payload, SchemaError,
    memory::{MemoryStore, MemoryViews},
    project::Projector,
};
use dekigoto_testkit::{CountedStore, StillHost, UnreliableViews, ViewFault, context, stream};

/// A store and a view store, with what counts and fails in front of them.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) rows: MemoryViews,
    pub(crate) views: Arc<UnreliableViews>,
    pub(crate) counted: Arc<CountedStore>,
}

impl World {
    pub(crate) fn new(faults: impl IntoIterator<Item = ViewFault>) -> Self {
        let (store, rows) = (MemoryStore::new(), MemoryViews::new());
        Self {
            views: UnreliableViews::new(rows.clone(), faults),
            counted: Arc::new(CountedStore::new(Arc::new(store.clone()))),
            store,
            rows,
        }
    }

    pub(crate) fn projector(&self) -> Projector {
        Projector {
            store: self.counted.clone(),
            views: self.views.clone(),
            host: Arc::new(StillHost::default()),
        }
    }

    /// A stream with one event of each of these types, as it is published.
    pub(crate) async fn stream(&self, id: &str, event_types: &[&str]) -> Vec<Envelope> {
        let mut head = Head::empty(stream(id));
        let mut events = Vec::new();
        for (place, event_type) in event_types.iter().enumerate() {
            let event = NewEvent {
                event_type: (*event_type).to_owned(),
                schema_version: 1,
                payload: Payload::of(&place).unwrap(),
            };
            let context = context(&format!("key-{place}"), "request");
            let commit = Commit::after(&head, vec![event], context).unwrap();
            self.store.append(&commit).await.unwrap();
            head = commit.head();
            events.extend(commit.envelopes());
        }
        events
    }

    /// As [`stream`](Self::stream), with that many events that everybody understands.
    pub(crate) async fn added(&self, id: &str, events: usize) -> Vec<Envelope> {
        self.stream(id, &vec!["Added"; events]).await
    }
}

/// Whether this version of the code understands the event.
pub(crate) fn understood(event: &Envelope, knows_all: bool) -> Result<(), SchemaError> {
    if knows_all || event.event_type == "Added" {
        Ok(())
    } else {
        Err(SchemaError::UnknownEvent(event.event_type.clone()))
    }
}
