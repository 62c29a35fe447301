//! A verification folds rows again and names what differs, and never a value.

use dekigoto::{
    Envelope, Payload, Row, RowKey, ViewStore as _,
    limits::EVENTS_PER_FOLD_MAX,
    views::{Across, AcrossView, AnyView, Difference, Extent, Fold, Single, Verified, View},
};

use crate::{
    support::{Entry, Faulty, Log},
    views::Versions,
};

/// How many events there are, by the first letter of the stream's id.
struct Letters;

impl View for Letters {
    type Row = u64;
    type Folds = (Log,);
    const NAME: &'static str = "letters";
}

impl Fold<Log> for Letters {
    fn row_key(_: &Entry<false>, envelope: &Envelope) -> Option<RowKey> {
        Some(RowKey::new("letters", &envelope.aggregate_id[..1]))
    }

    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl AcrossView for Letters {
    fn add(row: &mut u64, part: u64) {
        *row += part;
    }
}

async fn verified(world: &Faulty, view: &dyn AnyView, extent: Extent) -> Verified {
    view.verify(&world.ports(), &world.store, extent).await.unwrap()
}

async fn apply(world: &Faulty, view: &dyn AnyView, events: &[Envelope]) {
    for event in events {
        let key = view.row_key(event).unwrap().unwrap();
        view.project(&world.ports(), &key, std::slice::from_ref(event)).await;
    }
}

/// Overwrites the only part or the only row that a partition has.
async fn damage(world: &Faulty, key: &RowKey, body: &str) {
    let row = world.rows.read(std::slice::from_ref(key)).await.unwrap().pop().flatten().unwrap();
    let body = Payload::from_text(body.to_owned()).unwrap();
    let row = Row { revision: row.revision + 1, body, ..row };
    world.rows.write(&[row]).await.unwrap();
}

#[tokio::test]
async fn rows_that_equal_the_fold_of_their_events_have_no_difference() {
    let world = Faulty::new([]);
    let view = Single::<Versions>::default();
    for id in ["a", "b", "c"] {
        let events = world.added(id, 3).await;
        apply(&world, &view, &events).await;
    }
    let found = verified(&world, &view, Extent::Everything).await;
    assert_eq!(found, Verified { streams: 3, rows: 3, ..Verified::default() });
    assert_eq!(verified(&world, &view, Extent::Sample(2)).await.streams, 2);
}

#[tokio::test]
async fn events_that_a_row_has_not_seen_are_waiting_and_no_difference() {
    let world = Faulty::new([]);
    let view = Single::<Versions>::default();
    let events = world.added("a", 5).await;
    apply(&world, &view, &events[..2]).await;
    world.added("b", 4).await;
    let found = verified(&world, &view, Extent::Everything).await;
    assert_eq!(found, Verified { streams: 2, rows: 2, waiting: 7, differences: Vec::new() });
}

#[tokio::test]
async fn a_row_that_differs_is_named_without_its_content_s17() {
    let world = Faulty::new([]);
    let view = Single::<Versions>::default();
    for id in ["a", "b", "c"] {
        let events = world.added(id, 3).await;
        apply(&world, &view, &events[..2]).await;
    }
    let damaged = r#"{"watermarks":{"Tally":2},"row":[1,4711]}"#;
    damage(&world, &RowKey::only("versions", "a"), damaged).await;
    let beyond = r#"{"watermarks":{"Tally":9},"row":[1,2]}"#;
    damage(&world, &RowKey::only("versions", "b"), beyond).await;
    damage(&world, &RowKey::only("versions", "c"), "{}").await;
    let mut found = verified(&world, &view, Extent::Everything).await.differences;
    found.sort_by(|one, other| one.row.cmp(&other.row));
    let difference = |row: &str, how: &str| Difference { row: row.to_owned(), how: how.to_owned() };
    let outdated = "it has an older schema or is damaged; the next event folds it again";
    assert_eq!(
        found,
        [
            difference("versions#a row", "the row differs from the store"),
            difference("versions#b row", "its watermark is beyond the store"),
            difference("versions#c row", outdated),
        ]
    );
}

#[tokio::test]
async fn a_view_across_aggregates_lacks_what_it_has_not_counted_and_its_sums_are_added_up_again() {
    let world = Faulty::new([]);
    let view = Across::<Letters>::default();
    for id in ["a1", "a2", "b1"] {
        let events = world.added(id, 3).await;
        apply(&world, &view, &events[..2]).await;
    }
    let found = verified(&world, &view, Extent::Sample(100)).await;
    assert_eq!(found, Verified { streams: 3, waiting: 3, ..Verified::default() });
    let found = verified(&world, &view, Extent::Everything).await;
    let rows: Vec<&str> = found.differences.iter().map(|it| it.row.as_str()).collect();
    assert_eq!((found.rows, rows), (2, vec!["letters a", "letters b"]));
}

#[tokio::test]
async fn a_view_tells_which_events_its_rows_hold() {
    let world = Faulty::new([]);
    let (single, across) = (Single::<Versions>::default(), Across::<Letters>::default());
    let events = world.added("a", 3).await;
    let views: [&dyn AnyView; 2] = [&single, &across];
    for view in views {
        assert_eq!(view.holds(&world.ports(), &events).await.unwrap(), [false, false, false]);
        apply(&world, view, &events[..2]).await;
        assert_eq!(view.holds(&world.ports(), &events).await.unwrap(), [true, true, false]);
    }
}

#[tokio::test]
async fn an_item_that_is_no_commit_is_a_difference_and_the_rest_is_verified() {
    let world = Faulty::new([]);
    let view = Single::<Versions>::default();
    for id in ["a", "b"] {
        let events = world.added(id, 2).await;
        apply(&world, &view, &events).await;
    }
    let mut damaged = world.store.dump().remove(1);
    damaged.ev = "nonsense".to_owned();
    world.store.put_raw(damaged);
    let found = verified(&world, &view, Extent::Everything).await;
    assert_eq!((found.streams, found.rows), (2, 1));
    assert_eq!(found.differences[0].row, "event store: Tally#a commit 2");
}

#[tokio::test]
async fn a_stream_that_cannot_be_folded_is_a_difference_and_the_rest_is_verified() {
    let world = Faulty::new([]);
    let view = Single::<Versions>::default();
    let events = world.added("a", 2).await;
    apply(&world, &view, &events).await;
    world.stream("b", &["Added", "Renamed"]).await;
    world.stream("c", &["Renamed"]).await;
    world.added("d", EVENTS_PER_FOLD_MAX + 1).await;
    let found = verified(&world, &view, Extent::Everything).await;
    assert_eq!((found.streams, found.rows), (4, 1));
    let unknown = r#"unknown event "Renamed"; deploy the version that wrote it"#;
    let too_long = "the stream has 10001 events, and one fold reads 10000; rebuild the view";
    assert_eq!(
        named(found),
        [
            ("event store: Tally#c version 1".to_owned(), unknown.to_owned()),
            ("versions#b row".to_owned(), format!("it cannot be folded: version 2: {unknown}")),
            ("versions#d row".to_owned(), format!("it cannot be folded: {too_long}")),
        ]
    );
}

#[tokio::test]
async fn an_event_that_a_sum_cannot_take_is_a_difference_and_the_rest_is_verified() {
    let world = Faulty::new([]);
    let view = Across::<Letters>::default();
    for id in ["a", "b"] {
        let events = world.stream(id, &["Added", "Renamed"]).await;
        apply(&world, &view, &events[..1]).await;
    }
    let found = verified(&world, &view, Extent::Everything).await;
    assert_eq!((found.streams, found.rows, found.waiting), (2, 2, 0));
    let rows: Vec<String> = named(found).into_iter().map(|(row, _)| row).collect();
    assert_eq!(rows, ["event store: Tally#a version 2", "event store: Tally#b version 2"]);
}

fn named(found: Verified) -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> =
        found.differences.into_iter().map(|it| (it.row, it.how)).collect();
    named.sort();
    named
}
