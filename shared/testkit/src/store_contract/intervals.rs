//! How many commits carry a snapshot, and how many a load reads.

use dekigoto::{
    Aggregate, Decider, Expect, StoredCommit,
    limits::{COMMITS_PER_FIRST_READ, SNAPSHOT_BYTES_MAX},
};

use super::{Commit, StoreSubject, counted_engine, engine, raw, read_all};
use crate::tally::{Add, Event, Sum, Tally, context, stream};

/// A tally that may wait long for its snapshot.
type Rare = Tally<1, 32>;

/// Runs commands on a stream, each in a commit of its own.
async fn run<A>(subject: &dyn StoreSubject, numbers: std::ops::RangeInclusive<u64>)
where
    A: Aggregate<Id = String, Command = Add>,
{
    let engine = engine(subject.store());
    for number in numbers {
        let (context, add) = (context(&format!("key-{number}")), Add(vec![number], 0));
        let added = engine.execute::<A>(&"a".to_owned(), add, &context, Expect::Anything).await;
        assert!(added.is_ok(), "{number}");
    }
}

async fn commits(subject: &dyn StoreSubject) -> Vec<Commit> {
    read_all(&*subject.store(), &stream("a")).await
}

async fn places_of_snapshots(subject: &dyn StoreSubject) -> Vec<u64> {
    let commits = commits(subject).await;
    let with_snapshot = commits.iter().filter(|commit| commit.snapshot().is_some());
    with_snapshot.map(|commit| commit.ordinal().get()).collect()
}

/// With the keys of the newest 32 commits.
pub(super) async fn a_free_snapshot_is_in_every_first_read(subject: &dyn StoreSubject) {
    run::<Rare>(subject, 1..=41).await;
    assert_eq!(places_of_snapshots(subject).await, [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    for commit in &commits(subject).await {
        assert_eq!(StoredCommit::from(commit).write_units(), 1, "{}", commit.ordinal());
    }
    let (counted, engine) = counted_engine(subject);
    let history = engine.load::<Rare>(&"a".to_owned()).await.unwrap();
    assert_eq!(history.state, Sum::of(1..=41));
    let first_read = usize::try_from(COMMITS_PER_FIRST_READ).unwrap();
    assert_eq!(counted.take(), (0, 1, first_read), "appends, reads, commits read");
}

/// A tally whose state has that many bytes.
struct Heavy<const BYTES: usize>;

impl<const BYTES: usize> Decider for Heavy<BYTES> {
    type Command = Add;
    type Event = Event;
    type State = String;
    type Refusal = ();

    fn decide(_: &String, add: Add) -> Result<Vec<Event>, ()> {
        Rare::decide(&Sum::default(), add)
    }

    fn evolve(_: String, _: &Event) -> String {
        "x".repeat(BYTES)
    }
}

impl<const BYTES: usize> Aggregate for Heavy<BYTES> {
    type Id = String;

    const TYPE: &'static str = "Tally";
    const SNAPSHOT_SCHEMA: u32 = 9;
    const SNAPSHOT_EVERY: u32 = 32;
}

/// One that adds three write units is in every twelfth commit: a quarter of a unit for each.
pub(super) async fn a_snapshot_of_three_units_is_in_every_twelfth_commit(
    subject: &dyn StoreSubject,
) {
    run::<Heavy<3000>>(subject, 1..=40).await;
    assert_eq!(places_of_snapshots(subject).await, [12, 24, 36]);
    let (counted, engine) = counted_engine(subject);
    engine.load::<Heavy<3000>>(&"a".to_owned()).await.unwrap();
    assert_eq!(counted.take().1, 2, "reads: the first one holds no snapshot");
}

pub(super) async fn the_largest_snapshot_is_in_every_32nd_commit(subject: &dyn StoreSubject) {
    type Heaviest = Heavy<{ SNAPSHOT_BYTES_MAX - 1024 }>;
    run::<Heaviest>(subject, 1..=34).await;
    assert_eq!(places_of_snapshots(subject).await, [32]);
}

/// Older code had a snapshot in every 32nd commit only.
pub(super) async fn a_stream_of_older_code_is_loaded_in_two_reads_and_heals_s11(
    subject: &dyn StoreSubject,
) {
    run::<Rare>(subject, 1..=63).await;
    for commit in commits(subject).await {
        let mut item = raw(&commit);
        if commit.ordinal().get() != 32 {
            item.remove("sn");
        }
        assert!(subject.put_raw(item).await);
    }
    let (counted, engine) = counted_engine(subject);
    let history = engine.load::<Rare>(&"a".to_owned()).await.unwrap();
    assert_eq!(history.state, Sum::of(1..=63));
    assert_eq!(counted.take(), (0, 2, 32), "appends, reads, commits read");
    run::<Rare>(subject, 64..=64).await;
    engine.load::<Rare>(&"a".to_owned()).await.unwrap();
    assert_eq!(counted.take().1, 1, "reads");
}
