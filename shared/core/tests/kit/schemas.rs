//! S8 during a deployment: old and new code run together and meet each other's rows, and unreadable rows.

use std::sync::Arc;

use dekigoto::{
    Envelope, Message, Payload, Ports, Row, RowKey, ViewStore as _,
    batch::{Delivered, Outcome, Report},
    memory::MemoryParking,
    views::{Across, AcrossView, AnyView, Fold, Marked, Projector, Single, SingleView, View},
};
use serde::{Deserialize, Serialize};

use crate::support::{Entry, Faulty, Log};

/// The row of the old code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct OldRow {
    count: u64,
}

struct Old;

impl View for Old {
    type Row = OldRow;
    type Folds = (Log,);

    const NAME: &'static str = "rolling";
}

impl Fold<Log> for Old {
    fn fold(row: &mut OldRow, _: &Entry<false>, _: &Envelope) {
        row.count += 1;
    }
}

impl SingleView for Old {}

/// The row of the new code. Its added field has a default, so old rows decode although the field was never folded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct NewRow {
    count: u64,
    #[serde(default)]
    sum_of_versions: u64,
}

struct New;

impl View for New {
    type Row = NewRow;
    type Folds = (Log,);

    const NAME: &'static str = "rolling";
    const SCHEMA: u32 = 2;
}

impl Fold<Log> for New {
    fn fold(row: &mut NewRow, _: &Entry<false>, envelope: &Envelope) {
        row.count += 1;
        row.sum_of_versions += envelope.version.get();
    }
}

impl SingleView for New {}

fn key() -> RowKey {
    RowKey::only("rolling", "s")
}

async fn old(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    Single::<Old>::default().project(&world.ports(), &key(), events).await
}

async fn new(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    Single::<New>::default().project(&world.ports(), &key(), events).await
}

async fn stored(world: &Faulty) -> Row {
    world.rows.read(&[key()]).await.unwrap().pop().flatten().unwrap()
}

async fn row(world: &Faulty) -> (u64, NewRow) {
    let marked: Marked<NewRow> = Single::<New>::shown(&stored(world).await).expect("a row of New");
    (marked.watermark("Tally"), marked.row)
}

fn whole(versions: u64) -> (u64, NewRow) {
    (versions, NewRow { count: versions, sum_of_versions: (1..=versions).sum() })
}

async fn store(world: &Faulty, revision: u64, body: &str) {
    let body = Payload::from_text(body.to_owned()).unwrap();
    let row = Row { key: key(), revision, body, indexes: Default::default() };
    world.rows.write(&[row]).await.unwrap();
}

#[tokio::test]
async fn a_row_of_old_code_is_folded_again_at_its_next_event_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    old(&world, &events[..2]).await;
    assert!(Single::<New>::shown(&stored(&world).await).is_none(), "a field was never folded");
    assert_eq!(new(&world, &events[2..]).await, [Outcome::Applied]);
    assert_eq!(row(&world).await, whole(3));
}

#[tokio::test]
async fn old_code_does_not_change_a_row_of_new_code_and_retries_its_messages_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 4).await;
    new(&world, &events[..2]).await;
    let outcomes = old(&world, &events[2..3]).await;
    assert!(
        matches!(&outcomes[..], [Outcome::Retry(why)] if why.contains("schema 2")),
        "{outcomes:?}"
    );
    assert!(Single::<Old>::shown(&stored(&world).await).is_none());
    new(&world, &events[2..]).await;
    assert_eq!(row(&world).await, whole(4));
}

#[tokio::test]
async fn a_row_stored_without_a_schema_has_schema_1() {
    let world = Faulty::new([]);
    let events = world.added("s", 3).await;
    store(&world, 1, r#"{"watermarks":{"Tally":2},"row":{"count":2}}"#).await;
    let marked = Single::<Old>::shown(&stored(&world).await).unwrap();
    assert_eq!((marked.schema, marked.row), (1, OldRow { count: 2 }));
    assert_eq!(old(&world, &events).await[2], Outcome::Applied);
    // It is also written without a schema, so that older code can read it.
    let body = stored(&world).await.body;
    assert_eq!(body.as_str(), r#"{"watermarks":{"Tally":3},"row":{"count":3}}"#);
}

#[tokio::test]
async fn a_duplicate_also_makes_a_row_of_old_code_be_folded_again() {
    let world = Faulty::new([]);
    let events = world.added("s", 2).await;
    old(&world, &events).await;
    assert_eq!(new(&world, &events).await, vec![Outcome::Duplicate; 2]);
    assert_eq!(row(&world).await, whole(2));
    assert_eq!(world.views.take().1, 2);
}

#[tokio::test]
async fn an_unreadable_row_is_folded_again_from_the_store() {
    for damaged in
        ["\"secret\"", "{}", r#"{"schema":2,"watermarks":{"Tally":1},"row":{"count":"x"}}"#]
    {
        let world = Faulty::new([]);
        let events = world.added("s", 3).await;
        store(&world, 1, damaged).await;
        assert!(Single::<New>::shown(&stored(&world).await).is_none());
        let twice = [events[2].clone(), events[2].clone()];
        assert_eq!(new(&world, &twice).await, [Outcome::Applied, Outcome::Duplicate], "{damaged}");
        assert_eq!(row(&world).await, whole(3));
        assert_eq!(stored(&world).await.revision, 2);
    }
}

#[tokio::test]
async fn a_damaged_row_does_not_change_while_its_history_cannot_be_read() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["Added", "Renamed"]).await;
    store(&world, 1, "\"secret\"").await;
    let outcomes = new(&world, &events[..1]).await;
    let [Outcome::Retry(reason)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(reason.contains("Renamed") && !reason.contains("secret"), "{reason}");
    assert_eq!(stored(&world).await.revision, 1);
}

#[tokio::test]
async fn folding_a_row_from_the_store_takes_one_read_for_each_stream() {
    let world = Faulty::new([]);
    world.added("s", 60).await;
    let marked = Single::<New>::from_store(&*world.counted, "s").await.unwrap().unwrap();
    assert_eq!((marked.watermark("Tally"), marked.row), whole(60));
    assert_eq!(world.counted.take(), (0, 1, 60));
    assert!(Single::<New>::from_store(&*world.counted, "nobody").await.unwrap().is_none());
    let stream = dekigoto_testkit::stream("s");
    let at = |version| dekigoto::Version::new(version).unwrap();
    let past = Single::<New>::at_version(&*world.counted, &stream, at(7)).await.unwrap().unwrap();
    assert_eq!((past.watermark("Tally"), past.row), whole(7));
    assert!(Single::<New>::at_version(&*world.counted, &stream, at(61)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_long_history_is_folded_completely_or_refused_s16() {
    let world = Faulty::new([]);
    world.added("s", 10_000).await;
    let marked = Single::<New>::from_store(&world.store, "s").await.unwrap().unwrap();
    assert_eq!((marked.watermark("Tally"), marked.row), whole(10_000));
    let world = Faulty::new([]);
    world.added("s", 10_001).await;
    let error = Single::<New>::from_store(&world.store, "s").await.unwrap_err().to_string();
    assert!(error.contains("10001 events") && error.contains("rebuild the view"), "{error}");
}

impl AcrossView for Old {
    fn add(row: &mut OldRow, part: OldRow) {
        row.count += part.count;
    }
}

impl AcrossView for New {
    fn add(row: &mut NewRow, part: NewRow) {
        row.count += part.count;
        row.sum_of_versions += part.sum_of_versions;
    }
}

#[tokio::test]
async fn old_and_new_code_of_a_view_across_aggregates_count_each_event_once_side_by_side_s8() {
    let world = Faulty::new([]);
    let events = world.added("s", 6).await;
    let (old, new) = (Across::<Old>::default(), Across::<New>::default());
    let ports = world.ports();
    // Each event goes to one of the two, and then to both.
    for (place, event) in events.iter().enumerate() {
        let event = std::slice::from_ref(event);
        let first: &dyn AnyView = if place % 2 == 0 { &old } else { &new };
        assert_eq!(first.project(&ports, &key(), event).await, [Outcome::Applied]);
        let both: [&dyn AnyView; 2] = [&old, &new];
        for again in both {
            assert_eq!(again.project(&ports, &key(), event).await, [Outcome::Duplicate]);
        }
    }
    // Both see every count. The new field counts what new code has counted: versions 2, 4 and 6.
    let seen_by_old = Across::<Old>::read(&world.rows, &key()).await.unwrap().unwrap();
    let seen_by_new = Across::<New>::read(&world.rows, &key()).await.unwrap().unwrap();
    assert_eq!(seen_by_old, OldRow { count: 6 });
    assert_eq!(seen_by_new, NewRow { count: 6, sum_of_versions: 2 + 4 + 6 });
}

/// A view that needs only the added entries.
struct OnlyAdded;

impl View for OnlyAdded {
    type Row = u64;
    type Folds = (Log,);

    const NAME: &'static str = "only-added";
    const EVENTS: Option<&'static [&'static str]> = Some(&["Added"]);
}

impl Fold<Log> for OnlyAdded {
    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl AcrossView for OnlyAdded {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

async fn deliver(
    view: impl AnyView + 'static,
    world: &Faulty,
    event: &Envelope,
) -> (Report, MemoryParking) {
    let parking = MemoryParking::default();
    let ports: Ports = world.ports();
    let projector = Projector::of(Arc::new(view), ports, Arc::new(parking.clone()));
    let message = Delivered { id: "m".to_owned(), record: Message::of(event).body };
    let report = projector.take(vec![message], || std::time::Duration::from_secs(30)).await;
    (report, parking)
}

#[tokio::test]
async fn an_event_of_newer_code_is_retried_also_by_views_that_may_not_need_it_s12() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["Renamed"]).await;
    let (report, parking) = deliver(Single::<Old>::default(), &world, &events[0]).await;
    assert_eq!((report.tally.retried, parking.dump().len()), (1, 0));
    assert!(report.reasons[0].1.contains("deploy the version that wrote it"));
    // Newer code of the view may want it: skipped now, it would be lost.
    let (report, parking) = deliver(Across::<OnlyAdded>::default(), &world, &events[0]).await;
    assert_eq!((report.tally.retried, parking.dump().len()), (1, 0));
    // Another service has events that no code of this one knows.
    let subscriber = Across::<OnlyAdded>::of_another_service();
    let (report, parking) = deliver(subscriber, &world, &events[0]).await;
    assert_eq!((report.tally.skipped, parking.dump().len()), (1, 0));
}
