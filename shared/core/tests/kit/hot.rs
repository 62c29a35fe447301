//! Many projectors write one hot row, in virtual time, to a table that refuses conflicting transactions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Envelope, Host as _, Message, Payload, Ports, Row, RowKey, RowPage, RowQuery, ViewError,
    ViewStore,
    batch::{Delivered, Outcome},
    memory::{MemoryParking, MemoryViews},
    views::{
        Across, AcrossView, AnyView as _, Counted, EVENTS_PER_WRITE_MAX, Fold, PARTS_MAX,
        Projector, VERSIONS_PER_RECORD, View,
    },
};
use dekigoto_testkit::VirtualHost;
use futures_util::future::join_all;

use crate::support::{Entry, Faulty, Log};

/// Counts every event in one row.
struct Hot;

impl View for Hot {
    type Row = u64;
    type Folds = (Log,);

    const NAME: &'static str = "hot";
}

impl Fold<Log> for Hot {
    fn row_key(_: &Entry<false>, _: &Envelope) -> Option<RowKey> {
        Some(key())
    }

    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl AcrossView for Hot {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

fn key() -> RowKey {
    RowKey::new("hot", "row")
}

/// Rows as in DynamoDB: calls take time, and a row in one transaction refuses another.
struct Transacted {
    rows: MemoryViews,
    host: VirtualHost,
    busy: Mutex<BTreeSet<RowKey>>,
    /// The number of writes, and of refused writes.
    writes: Mutex<(usize, usize)>,
}

#[async_trait]
impl ViewStore for Transacted {
    async fn read(&self, keys: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        self.host.sleep(Duration::from_millis(10)).await;
        self.rows.read(keys).await
    }

    async fn write(&self, rows: &[Row]) -> Result<(), ViewError> {
        let keys: Vec<RowKey> = rows.iter().map(|row| row.key.clone()).collect();
        let is_free = {
            let mut busy = self.busy.lock().unwrap();
            let is_free = keys.iter().all(|key| !busy.contains(key));
            if is_free {
                busy.extend(keys.iter().cloned());
            }
            is_free
        };
        self.host.sleep(Duration::from_millis(40)).await;
        let written = if is_free { self.rows.write(rows).await } else { Err(ViewError::Conflict) };
        if is_free {
            self.busy.lock().unwrap().retain(|key| !keys.contains(key));
        }
        let mut writes = self.writes.lock().unwrap();
        writes.0 += 1;
        writes.1 += usize::from(written.is_err());
        written
    }

    async fn list(&self, query: &RowQuery) -> Result<RowPage, ViewError> {
        self.rows.list(query).await
    }
}

fn batch(sample: &Envelope, worker: usize, round: usize) -> Vec<Delivered<String>> {
    let message = |place: usize| {
        let aggregate_id = format!("{worker}-{round}-{place}");
        let event = Envelope { aggregate_id, ..sample.clone() };
        Delivered { id: format!("m{place}"), record: Message::of(&event).body }
    };
    (0..EVENTS_PER_WRITE_MAX).map(message).collect()
}

/// Runs the projectors, each with full batches of its own in each round. Returns events per second, and the numbers of
/// writes and refused writes.
async fn run(
    workers: usize,
    rounds: std::ops::Range<usize>,
    views: &Arc<Transacted>,
    all: &[Projector],
) -> (f64, (usize, usize)) {
    let sample = Faulty::new([]).added("sample", 1).await.remove(0);
    let work = all.iter().take(workers).enumerate().map(|(worker, projector)| {
        let (sample, rounds) = (sample.clone(), rounds.clone());
        async move {
            for round in rounds {
                let messages = batch(&sample, worker, round);
                let report = projector.take(messages, || Duration::from_secs(30)).await;
                assert_eq!(report.tally.applied, EVENTS_PER_WRITE_MAX, "{:?}", report.reasons);
            }
        }
    });
    *views.writes.lock().unwrap() = (0, 0);
    let (_, took) = views.host.run(join_all(work));
    let events = u32::try_from(workers * rounds.len() * EVENTS_PER_WRITE_MAX).unwrap();
    let writes = *views.writes.lock().unwrap();
    (f64::from(events) / took.as_secs_f64(), writes)
}

#[tokio::test]
async fn projectors_of_one_hot_row_soon_stop_conflicting() {
    for workers in [1, 10, 16] {
        let host = VirtualHost::default();
        let views = Arc::new(Transacted {
            rows: MemoryViews::new(),
            host: host.clone(),
            busy: Mutex::default(),
            writes: Mutex::default(),
        });
        let ports = Ports {
            store: Faulty::new([]).ports().store,
            views: views.clone(),
            host: Arc::new(host.clone()),
        };
        let parking = Arc::new(MemoryParking::default());
        // Their messages are of streams that are not stored.
        let projector = |_| {
            let view = Arc::new(Across::<Hot>::of_another_service());
            Projector::of(view, ports.clone(), parking.clone())
        };
        let all: Vec<Projector> = (0..workers).map(projector).collect();
        let (_, (_, refused)) = run(workers, 0..12, &views, &all).await;
        println!("{workers} projectors: {refused} writes refused while they chose their places");
        let (speed, (written, refused)) = run(workers, 12..22, &views, &all).await;
        println!(
            "{workers} projectors, then: {speed:.0} events/s, {refused} of {written} writes refused"
        );
        assert_eq!((written, refused), (workers * 10, 0), "a batch is one transaction");
        let events = u64::try_from(workers * 22 * EVENTS_PER_WRITE_MAX).unwrap();
        assert_eq!(Across::<Hot>::read(&views.rows, &key()).await.unwrap(), Some(events));
        let parts = views.rows.dump().into_iter().filter(|row| row.key.partition == "hot").count();
        assert!(parts <= usize::from(PARTS_MAX), "{parts} parts");
    }
}

async fn put(world: &Faulty, key: RowKey, body: &str) {
    let body = Payload::from_text(body.to_owned()).unwrap();
    world.rows.write(&[Row { key, revision: 1, body, indexes: BTreeMap::new() }]).await.unwrap();
}

fn record(stream: &str) -> RowKey {
    RowKey::new(format!("hot/counted#Tally#{stream}"), "counted")
}

async fn count(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    Across::<Hot>::default().project(&world.ports(), &key(), events).await
}

#[tokio::test]
async fn rows_and_records_of_older_code_still_count() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    put(&world, key(), "40").await;
    put(&world, record("s"), "[[1,1],[3,3],[2000,2000]]").await;
    let old = Envelope { version: dekigoto::Version::new(2000).unwrap(), ..events[0].clone() };
    let new = Envelope { version: dekigoto::Version::new(2001).unwrap(), ..events[0].clone() };
    // Versions 4 to 1,999 are not stored.
    let view = Across::<Hot>::of_another_service();
    let events = [events.clone(), vec![old, new]].concat();
    let outcomes = view.project(&world.ports(), &key(), &events).await;
    use Outcome::{Applied, Duplicate};
    assert_eq!(outcomes, [Duplicate, Applied, Duplicate, Duplicate, Applied]);
    assert_eq!(Across::<Hot>::read(&world.rows, &key()).await.unwrap(), Some(42));
    let listed = Across::<Hot>::list(&world.rows, "hot", None).await.unwrap();
    assert_eq!(listed, [(key(), 42)]);
}

#[tokio::test]
async fn records_of_counted_versions_stay_small_when_versions_are_skipped_s16() {
    let world = Faulty::new([]);
    let events = world.added("s", 10_000).await;
    let odd: Vec<Envelope> = events.into_iter().step_by(2).collect();
    for batch in odd.chunks(99) {
        assert_eq!(count(&world, batch).await, vec![Outcome::Applied; batch.len()]);
    }
    assert_eq!(count(&world, &odd).await, vec![Outcome::Duplicate; odd.len()]);
    let records: Vec<Row> = world.rows.dump();
    let records = records.iter().filter(|row| row.key.partition.contains("/counted#"));
    let bytes: Vec<usize> = records.map(|row| row.body.as_str().len()).collect();
    println!(
        "{} versions of 10,000: {} records, the largest has {:?} bytes",
        odd.len(),
        bytes.len(),
        bytes.iter().max()
    );
    assert!(bytes.iter().all(|bytes| *bytes < 256), "{bytes:?}");
    assert_eq!(u64::try_from(bytes.len()).unwrap(), 10_000_u64.div_ceil(VERSIONS_PER_RECORD));
}

#[tokio::test]
async fn an_unreadable_record_fails_only_its_own_stream() {
    let world = Faulty::new([]);
    let mut events = Vec::new();
    for id in 0..20 {
        events.extend(world.added(&format!("s{id}"), 1).await);
    }
    put(&world, record("s7"), "\"secret\"").await;
    let outcomes = count(&world, &events).await;
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Applied).count(), 19);
    let Outcome::Retry(reason) = &outcomes[7] else { panic!("{outcomes:?}") };
    assert!(reason.contains("is unreadable") && !reason.contains("secret"), "{reason}");
}

#[tokio::test]
async fn an_unreadable_part_is_reported_and_counting_continues_in_another_part() {
    let world = Faulty::new([]);
    let events = world.added("s", 2).await;
    let view = Across::<Hot>::default();
    view.project(&world.ports(), &key(), &events[..1]).await;
    let mut part = world.rows.dump().into_iter().find(|row| row.key.partition == "hot").unwrap();
    part.body = Payload::of("secret").unwrap();
    part.revision += 1;
    world.rows.write(&[part]).await.unwrap();
    assert_eq!(
        view.project(&world.ports(), &key(), &events).await,
        [Outcome::Duplicate, Outcome::Applied]
    );
    let error = Across::<Hot>::read(&world.rows, &key()).await.unwrap_err().to_string();
    assert!(error.contains("hot") && !error.contains("secret"), "{error}");
    // A list leaves the row out.
    assert_eq!(Across::<Hot>::list(&world.rows, "hot", None).await.unwrap(), []);
}

#[test]
fn a_record_of_a_full_block_is_one_range() {
    let mut counted = Counted::default();
    for version in (1..=VERSIONS_PER_RECORD).rev() {
        assert!(counted.insert(dekigoto::Version::new(version).unwrap()));
    }
    assert_eq!(serde_json::to_string(&counted).unwrap(), "[[1,1024]]");
}
