//! Streams to project, on stores that fail on demand.

use std::sync::Arc;

use dekigoto::{
    Aggregate, Commit, Decider, Envelope, EventSchema, EventStore as _, Head, NewEvent, Payload,
    Ports, SchemaError,
    memory::{MemoryStore, MemoryViews},
};
use dekigoto_testkit::{
    CountedStore, UnreliableViews, ViewFault, context, fingerprint, still_host, stream,
};

/// In-memory stores that count their calls and fail on demand.
pub(crate) struct Faulty {
    pub(crate) store: MemoryStore,
    pub(crate) rows: MemoryViews,
    pub(crate) views: Arc<UnreliableViews>,
    pub(crate) counted: Arc<CountedStore>,
}

impl Faulty {
    pub(crate) fn new(faults: impl IntoIterator<Item = ViewFault>) -> Self {
        let (store, rows) = (MemoryStore::new(), MemoryViews::new());
        Self {
            views: UnreliableViews::new(rows.clone(), faults),
            counted: Arc::new(CountedStore::new(Arc::new(store.clone()))),
            store,
            rows,
        }
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            store: self.counted.clone(),
            views: self.views.clone(),
            host: Arc::new(still_host()),
        }
    }

    /// Appends one event of each of these types to a stream. Returns them as published.
    pub(crate) async fn stream(&self, id: &str, event_types: &[&str]) -> Vec<Envelope> {
        let mut head = Head::empty(stream(id));
        let mut events = Vec::new();
        for (place, event_type) in event_types.iter().enumerate() {
            let event = NewEvent {
                event_type: (*event_type).to_owned(),
                schema_version: 1,
                payload: Payload::of(&place).unwrap(),
            };
            let context = context(&format!("key-{place}"));
            let commit =
                Commit::after(&head, vec![event], context, fingerprint("request")).unwrap();
            self.store.append(&commit).await.unwrap();
            head = commit.head();
            events.extend(commit.envelopes());
        }
        events
    }

    /// As [`stream`](Self::stream), with this many `Added` events, which all code knows.
    pub(crate) async fn added(&self, id: &str, events: usize) -> Vec<Envelope> {
        self.stream(id, &vec!["Added"; events]).await
    }
}

/// An event that is only a name. Code before a deployment knows `Added`; code after it (`KNOWS_ALL`) knows all names.
pub(crate) struct Entry<const KNOWS_ALL: bool> {
    pub(crate) name: String,
}

impl<const KNOWS_ALL: bool> EventSchema for Entry<KNOWS_ALL> {
    const NEWEST: &'static [(&'static str, u32)] = &[("Added", 1)];

    fn encode(&self) -> Result<NewEvent, serde_json::Error> {
        let (event_type, payload) = (self.name.clone(), Payload::of(&())?);
        Ok(NewEvent { event_type, schema_version: 1, payload })
    }

    fn decode(event_type: &str, _: u32, _: &Payload) -> Result<Vec<Self>, SchemaError> {
        if KNOWS_ALL || event_type == "Added" {
            Ok(vec![Self { name: event_type.to_owned() }])
        } else {
            Err(SchemaError::UnknownEvent(event_type.to_owned()))
        }
    }
}

/// The aggregate of these events. Decides nothing.
pub(crate) struct Log<const KNOWS_ALL: bool = false>;

impl<const KNOWS_ALL: bool> Decider for Log<KNOWS_ALL> {
    type Command = ();
    type Event = Entry<KNOWS_ALL>;
    type State = ();
    type Refusal = ();

    fn decide((): &(), (): ()) -> Result<Vec<Self::Event>, ()> {
        Err(())
    }

    fn evolve((): (), _: &Self::Event) {}
}

impl<const KNOWS_ALL: bool> Aggregate for Log<KNOWS_ALL> {
    type Id = String;

    const TYPE: &'static str = "Tally";
    const SNAPSHOT_SCHEMA: u32 = 1;
}
