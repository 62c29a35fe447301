//! `event-store-adapter-rs`: a journal, a head and a snapshot table, one transaction per event.

use aws_sdk_dynamodb::types::{ProjectionType, ScalarAttributeType};
use chrono::DateTime;
use event_store_adapter_rs::{
    AggregateId, DynamoDbOptions, DynamoDbTables, EventEnvelope, EventStoreForDynamoDB,
    SnapshotEnvelope,
};

use crate::{
    Failure,
    cases::Subject,
    engine::Engine,
    note::{AGGREGATE, EVENT, Noted, Notes, SNAPSHOT_EVERY},
};

const JOURNAL: &str = "adapter-journal";
const SNAPSHOTS: &str = "adapter-snapshots";
const HEADS: &str = "adapter-heads";
const HISTORY: &str = "snapshot-history";

/// Noon of a day of 2026, in nanoseconds.
const NOON_NS: i64 = 1_795_435_200_123_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Id(String);

impl AggregateId for Id {
    fn type_name(&self) -> String {
        AGGREGATE.to_owned()
    }

    fn value(&self) -> String {
        self.0.clone()
    }
}

pub(crate) struct EventStoreAdapter {
    store: EventStoreForDynamoDB<Id, Notes, Noted>,
}

/// A store on its tables and index.
pub(crate) async fn open(engine: &Engine) -> Result<EventStoreAdapter, Failure> {
    let stream = ("aid", ScalarAttributeType::S);
    let number = |name| (name, ScalarAttributeType::N);
    engine.table(JOURNAL, &[stream.clone(), number("seq_nr")]).await?;
    engine.table(HEADS, std::slice::from_ref(&stream)).await?;
    let history = [stream.clone(), number("active_history_seq_nr")];
    let history = (HISTORY, history.as_slice(), ProjectionType::KeysOnly);
    engine.table_with_index(SNAPSHOTS, &[stream, number("skey")], Some(history)).await?;
    let tables = DynamoDbTables {
        journal_table_name: JOURNAL.to_owned(),
        snapshot_table_name: SNAPSHOTS.to_owned(),
        head_table_name: HEADS.to_owned(),
        snapshot_history_index_name: HISTORY.to_owned(),
    };
    let options = DynamoDbOptions::default();
    let store = EventStoreForDynamoDB::open(engine.client.clone(), tables, options).await?;
    Ok(EventStoreAdapter { store })
}

/// A stream, the number of its newest event, and the state after it.
pub(crate) struct Place {
    id: Id,
    head: u64,
    notes: Notes,
}

impl Place {
    fn new(stream: &str) -> Self {
        Self { id: Id(stream.to_owned()), head: 0, notes: Notes::default() }
    }
}

impl EventStoreAdapter {
    /// Persists one event, and a snapshot if one is due.
    async fn persist(&self, place: &mut Place) -> Result<(), Failure> {
        let number = place.head + 1;
        let noted = Noted::new(number);
        let notes = place.notes.clone().plus(&noted);
        let at = DateTime::from_timestamp_nanos(NOON_NS);
        let event = EventEnvelope::new(place.id.clone(), number, at, noted).with_manifest(EVENT);
        if number.is_multiple_of(SNAPSHOT_EVERY) {
            let snapshot = SnapshotEnvelope::new(notes.clone(), number).with_manifest(AGGREGATE);
            self.store.persist_event_and_snapshot(event, snapshot).await?;
        } else {
            self.store.persist_event(event).await?;
        }
        place.head = number;
        place.notes = notes;
        Ok(())
    }
}

impl Subject for EventStoreAdapter {
    type Place = Place;

    async fn fill(&self, stream: &str, events: u64) -> Result<(), Failure> {
        self.append(Place::new(stream), events).await
    }

    async fn create(&self, stream: &str) -> Result<(), Failure> {
        self.append(Place::new(stream), 1).await
    }

    async fn command(&self, stream: &str) -> Result<(), Failure> {
        let place = self.place(stream).await?;
        self.append(place, 1).await
    }

    async fn place(&self, stream: &str) -> Result<Place, Failure> {
        let mut place = Place::new(stream);
        // As documented: the newest snapshot, then the events after it. The head is known before, so the
        // events are read only if there are any.
        let Some(latest) = self.store.get_latest_snapshot_by_id(&place.id).await? else {
            return Ok(place);
        };
        let (snapshot, head) = latest.into_parts();
        if let Some(snapshot) = snapshot {
            place.head = snapshot.seq_nr();
            place.notes = snapshot.into_aggregate();
        }
        if place.head < head {
            let events =
                self.store.get_events_by_id_since_seq_nr(&place.id, place.head + 1).await?;
            for event in events {
                place.head = event.seq_nr();
                place.notes = place.notes.plus(event.payload());
            }
        }
        Ok(place)
    }

    async fn append(&self, mut place: Place, events: u64) -> Result<(), Failure> {
        for _ in 0..events {
            self.persist(&mut place).await?;
        }
        Ok(())
    }

    async fn load(&self, stream: &str) -> Result<u64, Failure> {
        Ok(self.place(stream).await?.notes.count)
    }
}
