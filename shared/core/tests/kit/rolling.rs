//! A rolling deployment in which code of before parts counts the same streams: it kept every counted version of a stream
//! in one record.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use dekigoto::{
    Envelope, Payload, Ports, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore,
    batch::Outcome,
    limits::ROWS_PER_CALL_MAX,
    memory::MemoryViews,
    views::{Across, AnyView as _, VERSIONS_PER_RECORD},
};

use crate::{
    support::Faulty,
    views::{Total, total_key as key},
};

fn record(stream: &str) -> RowKey {
    RowKey::new(format!("total/counted#Tally#{stream}"), "counted")
}

/// One step of the old code: it has read the row and the record, and is about to write both.
struct OldStep {
    event: u64,
    row: (u64, u64),
    record: (Vec<(u64, u64)>, u64),
    stream: String,
}

impl OldStep {
    /// Reads. `None` if the record cannot be read: the old code then lets its messages wait.
    async fn begin(rows: &MemoryViews, event: &Envelope) -> Option<Self> {
        let stream = event.aggregate_id.clone();
        let stored = rows.read(&[key(), record(&stream)]).await.unwrap();
        let revision = |row: &Option<Row>| row.as_ref().map_or(1, |row| row.revision + 1);
        let revisions = (revision(&stored[0]), revision(&stored[1]));
        let mut bodies = stored.into_iter().map(|row| row.map(|row| row.body));
        let row: Option<u64> = bodies.next().unwrap().map(|body| body.read().unwrap());
        let ranges = match bodies.next().unwrap() {
            None => Vec::new(),
            Some(body) => body.read().ok()?,
        };
        Some(Self {
            event: event.version.get(),
            row: (row.unwrap_or(0), revisions.0),
            record: (ranges, revisions.1),
            stream,
        })
    }

    /// Counts and writes. Returns whether it has counted.
    async fn end(self, rows: &MemoryViews) -> Result<bool, ViewError> {
        let (mut ranges, revision) = self.record;
        if ranges.iter().any(|(first, last)| (*first..=*last).contains(&self.event)) {
            return Ok(false);
        }
        ranges.push((self.event, self.event));
        let row = |key, revision, body| Row { key, revision, body, indexes: BTreeMap::new() };
        let counted = row(record(&self.stream), revision, Payload::of(&ranges).unwrap());
        let sum = row(key(), self.row.1, Payload::of(&(self.row.0 + 1)).unwrap());
        rows.write(&[sum, counted]).await.map(|()| true)
    }
}

/// Rows that refuse a transaction of more rows than DynamoDB takes.
struct Limited(MemoryViews);

#[async_trait]
impl ViewStore for Limited {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.0.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        assert!(rows.len() <= ROWS_PER_CALL_MAX, "{} rows", rows.len());
        self.0.write(rows).await
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.0.list(query).await
    }
}

async fn count(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    Across::<Total>::default().project(&world.ports(), &key(), events).await
}

async fn total(world: &Faulty) -> u64 {
    Across::<Total>::read(&world.rows, &key()).await.unwrap().unwrap_or(0)
}

/// The place of the first event that does not fit the first record: [`VERSIONS_PER_RECORD`].
const BEYOND: usize = 1024;

#[test]
fn the_first_record_holds_the_versions_before_that_place() {
    assert_eq!(u64::try_from(BEYOND).unwrap(), VERSIONS_PER_RECORD);
}

#[tokio::test]
async fn old_code_counts_no_event_again_that_is_in_a_further_record() {
    let world = Faulty::new([]);
    let events = world.added("s", BEYOND + 8).await;
    count(&world, &events).await;
    assert_eq!(total(&world).await, 1032);
    assert!(OldStep::begin(&world.rows, &events[BEYOND]).await.is_none(), "it would count again");
}

#[tokio::test]
async fn old_code_counts_nothing_again_after_an_early_version_came_late() {
    let world = Faulty::new([]);
    let events = world.added("s", BEYOND + 1).await;
    // The holes of another service's stream are not read from its store.
    let view = Across::<Total>::of_another_service();
    for events in [&events[BEYOND..], &events[..1]] {
        let outcomes = view.project(&world.ports(), &key(), events).await;
        assert_eq!(outcomes, [Outcome::Applied]);
    }
    assert!(OldStep::begin(&world.rows, &events[BEYOND]).await.is_none(), "it would count again");
}

#[tokio::test]
async fn old_code_that_has_read_before_the_second_record_was_written_cannot_write_any_more() {
    for counted_before in [0, 3] {
        let world = Faulty::new([]);
        let events = world.added("s", BEYOND + 1).await;
        count(&world, &events[..counted_before]).await;
        let late = OldStep::begin(&world.rows, &events[BEYOND]).await.unwrap();
        let view = Across::<Total>::of_another_service();
        let outcomes = view.project(&world.ports(), &key(), &events[BEYOND..]).await;
        assert_eq!(outcomes, [Outcome::Applied]);
        assert!(matches!(late.end(&world.rows).await, Err(ViewError::Conflict)));
        assert_eq!(total(&world).await, u64::try_from(counted_before).unwrap() + 1);
    }
}

#[tokio::test]
async fn what_old_code_counted_beyond_the_first_record_is_a_duplicate_for_new_code() {
    let world = Faulty::new([]);
    let events = world.added("s", BEYOND + 3).await;
    count(&world, &events[..BEYOND]).await;
    let old = OldStep::begin(&world.rows, &events[BEYOND]).await.unwrap();
    assert!(old.end(&world.rows).await.unwrap());
    use Outcome::{Applied, Duplicate};
    assert_eq!(count(&world, &events[BEYOND..]).await, [Duplicate, Applied, Applied]);
    assert_eq!(total(&world).await, 1027);
}

#[tokio::test]
async fn streams_that_all_get_their_second_record_in_one_batch_are_counted_once_each() {
    let world = Faulty::new([]);
    let mut batch = Vec::new();
    for stream in 0..ROWS_PER_CALL_MAX - 1 {
        let event = world.added(&format!("s{stream}"), 1).await.remove(0);
        let version = dekigoto::Version::new(VERSIONS_PER_RECORD + 1).unwrap();
        batch.push(Envelope { version, ..event });
    }
    let view = Across::<Total>::of_another_service();
    let ports = Ports { views: Arc::new(Limited(world.rows.clone())), ..world.ports() };
    for expected in [Outcome::Applied, Outcome::Duplicate] {
        let outcomes = view.project(&ports, &key(), &batch).await;
        assert!(outcomes.iter().all(|outcome| *outcome == expected), "{outcomes:?}");
        assert_eq!(total(&world).await, 99);
    }
}
