//! How much is read, and what is read side by side.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Commit, Engine, Envelope, EventStore as _, Expect, Head, Host as _, NewEvent, Payload, RowKey,
    Version,
    batch::Outcome,
    memory::MemoryStore,
    views::{AnyView as _, Fold, Published, Single, SingleView, View},
};
use dekigoto_testkit::{
    Add, SlowStore, Sum, Tally, VirtualHost, commit, context, fingerprint, still_host, stream,
};

use crate::support::{Entry, Faulty, Log};

/// The time of a call in these tests.
const CALL: Duration = Duration::from_millis(10);

/// Counts the events of two streams.
struct Both;

/// A second aggregate under the same id.
struct Other;

impl Published for Other {
    const TYPE: &'static str = "Other";

    type Event = Entry<false>;
}

impl View for Both {
    type Row = u64;
    type Folds = (Log, Other);

    const NAME: &'static str = "both";
}

impl Fold<Log> for Both {
    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl Fold<Other> for Both {
    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl SingleView for Both {}

async fn project(world: &Faulty, event: &Envelope) -> Outcome {
    let (key, event) = (RowKey::only("both", "s"), std::slice::from_ref(event));
    Single::<Both>::default().project(&world.ports(), &key, event).await.remove(0)
}

#[tokio::test]
async fn a_gap_of_one_event_reads_one_commit_in_a_long_stream() {
    let world = Faulty::new([]);
    let events = world.added("s", 900).await;
    project(&world, &events[799]).await;
    let _ = world.counted.take();
    assert_eq!(project(&world, &events[801]).await, Outcome::Applied);
    assert_eq!(world.counted.take(), (0, 2, 2), "the event, and the one before it");
}

/// An ordinal is not a version then, and the place of the gap is searched.
#[tokio::test]
async fn a_gap_in_commits_of_several_events_reads_about_as_many_commits() {
    let world = Faulty::new([]);
    let mut head = Head::empty(stream("s"));
    let mut events = Vec::new();
    for number in 0..400 {
        let added = NewEvent {
            event_type: "Added".to_owned(),
            schema_version: 1,
            payload: Payload::of(&number).unwrap(),
        };
        let context = context(&format!("key-{number}"));
        let commit = Commit::after(&head, vec![added; 3], context, fingerprint("request")).unwrap();
        world.store.append(&commit).await.unwrap();
        head = commit.head();
        events.extend(commit.envelopes());
    }
    project(&world, &events[599]).await;
    let _ = world.counted.take();
    assert_eq!(project(&world, &events[603]).await, Outcome::Applied);
    let (_, _, commits) = world.counted.take();
    assert!(commits <= 30, "{commits} commits for a gap of three events");
}

#[test]
fn the_streams_of_a_row_are_read_side_by_side() {
    let host = VirtualHost::default();
    let store = MemoryStore::new();
    host.run(store.append(&commit(&Head::empty(stream("s")), "key", &[1]))).0.unwrap();
    let slow = SlowStore::new(Arc::new(store), host.clone(), CALL);
    let (row, took) = host.run(Single::<Both>::from_store(&slow, "s"));
    assert_eq!((row.unwrap().unwrap().row, took), (1, CALL));
}

#[test]
fn two_aggregates_are_loaded_side_by_side() {
    let host = VirtualHost::default();
    let slow = SlowStore::new(Arc::new(MemoryStore::new()), host.clone(), CALL);
    let engine = Engine::new(Arc::new(slow), Arc::new(host.clone()));
    let (first, second) = ("a".to_owned(), "b".to_owned());
    let (loaded, took) = host.run(engine.load_two::<Tally, Tally>(&first, &second));
    assert_eq!((loaded.unwrap().1.state, took), (Sum::default(), CALL));
    assert_eq!(host.monotonic(), CALL);
}

#[tokio::test]
async fn a_command_on_a_loaded_stream_is_decided_again_if_another_writer_was_faster_s6() {
    let store = MemoryStore::new();
    let engine = Engine::new(Arc::new(store.clone()), Arc::new(still_host()));
    let (id, add) = ("a".to_owned(), |number| Add(vec![number], 0));
    let loaded = engine.load::<Tally>(&id).await.unwrap();
    let first = context("first");
    engine.execute::<Tally>(&id, add(1), &first, Expect::Anything).await.unwrap();
    let second = context("second");
    let answer = engine.execute_on(loaded, &id, add(2), &second, Expect::Anything).await.unwrap();
    assert_eq!((answer.state, answer.version), (Sum::of([1, 2]), Version::new(2)));
    assert_eq!(store.dump().len(), 2);
}

#[test]
fn a_commit_that_is_used_up_gives_the_events_of_one_that_is_kept() {
    let added = NewEvent {
        event_type: "Added".to_owned(),
        schema_version: 1,
        payload: Payload::of(&7).unwrap(),
    };
    for events in 1..4 {
        let events = vec![added.clone(); events];
        let context = context("key");
        let commit =
            Commit::after(&Head::empty(stream("s")), events, context, fingerprint("request"));
        let commit = commit.unwrap();
        let kept: Vec<_> = commit.envelopes().collect();
        assert_eq!(commit.into_envelopes().collect::<Vec<_>>(), kept);
    }
}
