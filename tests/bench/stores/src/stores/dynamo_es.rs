//! `dynamo-es`: the DynamoDB repository of `cqrs-es`. One item per event, one transaction per command.

use std::convert::Infallible;

use aws_sdk_dynamodb::types::ScalarAttributeType;
use cqrs_es::{
    Aggregate, CqrsFramework, DomainEvent, EventStore as _,
    event_sink::EventSink,
    persist::{PersistedEventRepository as _, PersistedEventStore, SerializedEvent},
};
use dynamo_es::DynamoEventRepository;
use serde_json::json;

use crate::{
    Failure,
    cases::Subject,
    engine::Engine,
    note::{AGGREGATE, EVENT, Noted, Notes},
};

/// Events that it writes in one transaction.
const EVENTS_PER_TRANSACTION: u64 = 25;

impl DomainEvent for Noted {
    fn event_type(&self) -> String {
        EVENT.to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// Makes one event.
pub(crate) struct Note;

impl Aggregate for Notes {
    const TYPE: &'static str = AGGREGATE;
    type Command = Note;
    type Event = Noted;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        _: Note,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        sink.write(Noted::new(self.count + 1), self).await;
        Ok(())
    }

    fn apply(&mut self, noted: Noted) {
        *self = std::mem::take(self).plus(&noted);
    }
}

type Store = PersistedEventStore<DynamoEventRepository, Notes>;

pub(crate) struct DynamoEs {
    framework: CqrsFramework<Notes, Store>,
    store: Store,
    repository: DynamoEventRepository,
    snapshot_every: Option<u64>,
}

/// A store with or without snapshots, on the tables of its `db/dynamo_db.yaml`.
pub(crate) async fn open(
    engine: &Engine,
    snapshot_every: Option<u64>,
) -> Result<DynamoEs, Failure> {
    let kind = if snapshot_every.is_some() { "snapshots" } else { "events" };
    let tables = ["Events", "Snapshots"].map(|table| format!("dynamo-es-{kind}-{table}"));
    let [events, snapshots] = &tables;
    let stream = ("AggregateTypeAndId", ScalarAttributeType::S);
    let keys = [stream.clone(), ("AggregateIdSequence", ScalarAttributeType::N)];
    engine.table(events, &keys).await?;
    engine.table(snapshots, &[stream]).await?;
    let repository =
        || DynamoEventRepository::new(engine.client.clone()).with_tables(events, snapshots);
    let every = snapshot_every.map(usize::try_from).transpose()?;
    let store = || match every {
        None => Store::new_event_store(repository()),
        Some(every) => Store::new_snapshot_store(repository(), every),
    };
    let framework = CqrsFramework::new(store(), Vec::new(), ());
    Ok(DynamoEs { framework, store: store(), repository: repository(), snapshot_every })
}

/// A stream, and the sequence number of its newest event.
pub(crate) struct Place {
    stream: String,
    sequence: u64,
}

impl DynamoEs {
    /// Appends the events, and optionally a snapshot of the state after the last one.
    async fn persist(&self, place: &Place, events: u64, snapshot: bool) -> Result<(), Failure> {
        let last = place.sequence + events;
        let numbers = place.sequence + 1..=last;
        let events = numbers.map(|number| {
            let payload = serde_json::to_value(Noted::new(number))?;
            let (id, kind) = (place.stream.clone(), AGGREGATE.to_owned());
            let (event, version) = (EVENT.to_owned(), "1".to_owned());
            let sequence = usize::try_from(number)?;
            Ok(SerializedEvent::new(id, sequence, kind, event, version, payload, json!({})))
        });
        let events: Vec<_> = events.collect::<Result<_, Failure>>()?;
        let snapshot = match snapshot {
            true => Some((place.stream.clone(), serde_json::to_value(Notes::of(last))?, 1)),
            false => None,
        };
        Ok(self.repository.persist::<Notes>(&events, snapshot).await?)
    }
}

impl Subject for DynamoEs {
    type Place = Place;

    async fn fill(&self, stream: &str, events: u64) -> Result<(), Failure> {
        let snapshot_at = self.snapshot_every.map_or(0, |every| events / every * every);
        let mut place = Place { stream: stream.to_owned(), sequence: 0 };
        while place.sequence < events {
            let end = if place.sequence < snapshot_at { snapshot_at } else { events };
            // The snapshot takes one place of a transaction.
            let count = (end - place.sequence).min(EVENTS_PER_TRANSACTION - 1);
            let snapshot = place.sequence + count == snapshot_at;
            self.persist(&place, count, snapshot).await?;
            place.sequence += count;
        }
        Ok(())
    }

    async fn create(&self, stream: &str) -> Result<(), Failure> {
        // It has no create: it loads the empty stream first.
        self.command(stream).await
    }

    async fn command(&self, stream: &str) -> Result<(), Failure> {
        Ok(self.framework.execute(stream, Note).await?)
    }

    async fn place(&self, stream: &str) -> Result<Place, Failure> {
        let context = self.store.load_aggregate(stream).await?;
        let sequence = context.current_sequence.try_into()?;
        Ok(Place { stream: stream.to_owned(), sequence })
    }

    async fn append(&self, place: Place, events: u64) -> Result<(), Failure> {
        self.persist(&place, events, false).await
    }

    async fn load(&self, stream: &str) -> Result<u64, Failure> {
        Ok(self.store.load_aggregate(stream).await?.aggregate.count)
    }
}
