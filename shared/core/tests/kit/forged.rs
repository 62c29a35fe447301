//! A message is a hint: only stored events change rows, and an event that no message delivered is found.

use std::sync::Arc;

use dekigoto::{
    Envelope, Payload, Ports, RowKey, Version,
    batch::Outcome,
    views::{Across, AcrossView, AnyView, Fold, Marked, Single, SingleView, View},
};
use dekigoto_testkit::Down;

use crate::support::{Entry, Faulty, Log};

/// The versions of the events of each name, in a row for each. Nobody's events change no row.
struct ByName;

impl View for ByName {
    type Row = Vec<u64>;
    type Folds = (Log<true>,);

    const NAME: &'static str = "by-name";
}

impl Fold<Log<true>> for ByName {
    fn row_key(entry: &Entry<true>, _: &Envelope) -> Option<RowKey> {
        (entry.name != "nobody").then(|| row_of(&entry.name))
    }

    fn fold(row: &mut Vec<u64>, _: &Entry<true>, envelope: &Envelope) {
        row.push(envelope.version.get());
    }
}

impl AcrossView for ByName {
    fn add(row: &mut Vec<u64>, part: Vec<u64>) {
        row.extend(part);
        row.sort_unstable();
    }
}

fn row_of(name: &str) -> RowKey {
    RowKey::new("by-name", name)
}

/// The names of a stream's events, in order.
struct Names;

impl View for Names {
    type Row = Vec<String>;
    type Folds = (Log<true>,);

    const NAME: &'static str = "names";
}

impl Fold<Log<true>> for Names {
    fn fold(row: &mut Vec<String>, entry: &Entry<true>, _: &Envelope) {
        row.push(entry.name.clone());
    }
}

impl SingleView for Names {}

fn views() -> [Arc<dyn AnyView>; 2] {
    [Arc::new(Single::<Names>::default()), Arc::new(Across::<ByName>::default())]
}

async fn project(view: &dyn AnyView, ports: &Ports, events: &[Envelope]) -> Vec<Outcome> {
    let key = view.row_key(&events[0]).unwrap().unwrap();
    view.project(ports, &key, events).await
}

async fn by_name(world: &Faulty, events: &[Envelope]) -> Vec<Outcome> {
    project(&Across::<ByName>::default(), &world.ports(), events).await
}

async fn versions(world: &Faulty, name: &str) -> Vec<u64> {
    Across::<ByName>::read(&world.rows, &row_of(name)).await.unwrap().unwrap_or_default()
}

fn forged(event: &Envelope, version: u64) -> Envelope {
    Envelope { version: Version::new(version).unwrap(), ..event.clone() }
}

#[track_caller]
fn assert_not_believed(outcome: &Outcome) {
    let Outcome::Parked(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("the store does not have version"), "{why}");
}

#[tokio::test]
async fn a_message_that_claims_a_version_beyond_the_head_is_parked_and_changes_no_row_s8() {
    for view in views() {
        let world = Faulty::new([]);
        let events = world.stream("s", &["ann", "ann"]).await;
        for stored in [0, 1, 2] {
            if stored > 0 {
                project(&*view, &world.ports(), &events[stored - 1..stored]).await;
            }
            let before = world.rows.dump();
            for version in [3, 4, 1000, 5000, u64::MAX] {
                let forged = [forged(&events[0], version)];
                let outcomes = project(&*view, &world.ports(), &forged).await;
                assert_not_believed(&outcomes[0]);
                let unknown = Envelope { aggregate_id: "unknown".to_owned(), ..forged[0].clone() };
                assert_not_believed(&project(&*view, &world.ports(), &[unknown]).await[0]);
            }
            assert!(world.rows.dump().len() <= before.len() + 1, "{}", view.name());
        }
    }
}

#[tokio::test]
async fn healthy_messages_of_the_same_batch_are_applied_beside_a_forged_one() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann"; 3]).await;
    let mixed = [forged(&events[0], 9), events[0].clone(), events[2].clone()];
    let views: [&dyn AnyView; 2] = [&Single::<Names>::default(), &Across::<ByName>::default()];
    for view in views {
        let outcomes = project(view, &world.ports(), &mixed).await;
        assert_not_believed(&outcomes[0]);
        assert_eq!(outcomes[1..], [Outcome::Applied, Outcome::Applied]);
    }
    assert_eq!(versions(&world, "ann").await, [1, 2, 3]);
}

#[tokio::test]
async fn a_message_with_another_content_than_the_stored_event_changes_nothing_s8() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "ann"]).await;
    let payload = Payload::of("other").unwrap();
    let altered = Envelope { event_type: "bob".to_owned(), payload, ..events[1].clone() };
    let view = Single::<Names>::default();
    project(&view, &world.ports(), std::slice::from_ref(&altered)).await;
    let row = world.rows.dump().remove(0).body.read::<Marked<Vec<String>>>().unwrap();
    assert_eq!(row.row, ["ann", "ann"], "the stored event counts");
    // Bob's row does not take an event of Ann.
    let outcomes = by_name(&world, &[altered]).await;
    assert_eq!(outcomes, [Outcome::Parked("version 2 belongs to another row".to_owned())]);
    assert_eq!(versions(&world, "bob").await, [0; 0]);
}

#[tokio::test]
async fn an_event_whose_message_was_lost_is_counted_when_a_later_one_arrives_l2() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "nobody", "ann", "nobody", "ann"]).await;
    assert_eq!(by_name(&world, &events[4..]).await, [Outcome::Applied]);
    assert_eq!(versions(&world, "ann").await, [1, 3, 5]);
    // A late message, and a duplicate.
    for place in [0, 2, 4] {
        let outcomes = by_name(&world, &events[place..=place]).await;
        assert_eq!(outcomes, [Outcome::Duplicate]);
    }
    assert_eq!(versions(&world, "ann").await, [1, 3, 5]);
}

#[tokio::test]
async fn versions_that_change_no_row_are_read_once() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "nobody", "nobody", "ann", "ann"]).await;
    let mut reads = Vec::new();
    for place in [0, 3, 4, 4] {
        by_name(&world, &events[place..=place]).await;
        reads.push(world.counted.take().1);
    }
    assert_eq!(reads, [1, 2, 1, 1], "only the second message finds a hole");
}

#[tokio::test]
async fn a_lost_event_of_another_row_is_counted_there_l2() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "bob", "ann", "bob", "ann"]).await;
    assert_eq!(by_name(&world, &events[4..]).await, [Outcome::Applied]);
    assert_eq!(versions(&world, "ann").await, [1, 3, 5]);
    assert_eq!(versions(&world, "bob").await, [2, 4]);
    assert_eq!(by_name(&world, &events[1..2]).await, [Outcome::Duplicate]);
}

#[tokio::test]
async fn a_long_hole_is_closed_by_several_messages_s16() {
    let world = Faulty::new([]);
    let mut events = world.stream("s", &["ann"; 1024]).await;
    let newest = events.pop().unwrap();
    for _ in 0..2 {
        by_name(&world, std::slice::from_ref(&newest)).await;
    }
    assert_eq!(versions(&world, "ann").await, (1..=1024).collect::<Vec<_>>());
}

#[tokio::test]
async fn messages_are_retried_and_count_nothing_while_the_store_is_down() {
    let world = Faulty::new([]);
    let events = world.stream("s", &["ann", "ann"]).await;
    let ports = Ports { store: Arc::new(Down), ..world.ports() };
    let outcomes = project(&Across::<ByName>::default(), &ports, &events).await;
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Retry(_))), "{outcomes:?}");
    assert_eq!(world.rows.dump(), []);
}
