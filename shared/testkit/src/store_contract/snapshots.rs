//! Snapshots are a cache.

use dekigoto::{
    Commit, Expect, LoadError, ReadError, ReadFrom, Snapshot, Version, limits::SNAPSHOT_BYTES_MAX,
};
use proptest::{prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::Value;

use super::{StoreSubject, counted_engine, engine, raw, read, read_all};
use crate::tally::{Add, Sum, Tally, context, stream};

/// Runs commands that add 1, 2 and so on, each in a commit of its own.
async fn add_up_to(subject: &dyn StoreSubject, id: &str, last: u64) {
    let engine = engine(subject.store());
    for number in 1..=last {
        let context = context(&format!("key-{number}"));
        let add = Add(vec![number], 0);
        let added = engine.execute::<Tally>(&id.to_owned(), add, &context, Expect::Anything).await;
        assert_eq!(added.unwrap().state, Sum::of(1..=number));
    }
}

/// Exactly once, wherever the head is between two snapshots.
pub(super) async fn a_load_applies_a_snapshot_once_s11(subject: &dyn StoreSubject) {
    add_up_to(subject, "once", 14).await;
    let commits = read_all(&*subject.store(), &stream("once")).await;
    let with_snapshot = commits.iter().filter(|commit| commit.snapshot().is_some());
    let places: Vec<u64> = with_snapshot.map(|commit| commit.ordinal().get()).collect();
    assert_eq!(places, [4, 8, 12]);
    let engine = engine(subject.store());
    for number in 1..=14 {
        let version = Version::new(number).unwrap();
        let past = engine.load_at::<Tally>(&"once".to_owned(), version).await.unwrap();
        assert_eq!(past.state, Sum::of(1..=number), "at version {number}");
    }
}

/// At any length of the stream.
pub(super) async fn a_load_is_one_read_of_one_interval_s11(subject: &dyn StoreSubject) {
    add_up_to(subject, "short", 41).await;
    let (counted, engine) = counted_engine(subject);
    let history = engine.load::<Tally>(&"short".to_owned()).await.unwrap();
    assert_eq!(history.state, Sum::of(1..=41));
    assert_eq!(counted.take(), (0, 1, 4), "appends, reads, commits read");
}

/// What can happen to a snapshot.
#[derive(Clone, Copy, Debug)]
enum Damage {
    None,
    Deleted,
    Emptied,
    Cut,
    OneCharacter,
    Unsealed,
    OtherSchema,
    OtherShape,
}

const DAMAGE: [Damage; 8] = [
    Damage::None,
    Damage::Deleted,
    Damage::Emptied,
    Damage::Cut,
    Damage::OneCharacter,
    Damage::Unsealed,
    Damage::OtherSchema,
    Damage::OtherShape,
];

impl Damage {
    /// The attribute after the damage; `None` when it was deleted.
    fn inflict(self, snapshot: &Snapshot) -> Option<String> {
        let whole = snapshot.seal().unwrap();
        match self {
            Self::None => Some(whole),
            Self::Deleted => None,
            Self::Emptied => Some(String::new()),
            Self::Cut => Some(whole[..whole.len() / 2].to_owned()),
            // Changes the count, so that the result is still JSON of the right shape.
            Self::OneCharacter => Some(whole.replacen("\"count\":", "\"count\":9", 1)),
            // Without the digest.
            Self::Unsealed => Some(whole[16..].to_owned()),
            // It decodes as a state, but means something else.
            Self::OtherSchema => resealed(snapshot, |snapshot| {
                snapshot.schema += 1;
                snapshot.state = dekigoto::Payload::of(&Sum::of([77])).unwrap();
            }),
            Self::OtherShape => resealed(snapshot, |snapshot| {
                snapshot.state = dekigoto::Payload::of(&["another", "shape"]).unwrap();
            }),
        }
    }
}

fn resealed(snapshot: &Snapshot, change: impl Fn(&mut Snapshot)) -> Option<String> {
    let mut snapshot = snapshot.clone();
    change(&mut snapshot);
    snapshot.seal()
}

/// Any combination of damage to five snapshots: the same state, the same head, the same answers to repeated keys.
pub(super) async fn any_damaged_or_missing_snapshot_changes_no_answer_s11(
    subject: &dyn StoreSubject,
) {
    const COMMITS: u64 = 21;
    add_up_to(subject, "any", COMMITS).await;
    let commits = read_all(&*subject.store(), &stream("any")).await;
    let engine = engine(subject.store());
    let mut runner = TestRunner::deterministic();
    let damages = proptest::collection::vec(select(&DAMAGE[..]), 5);
    let repeated = 1..=COMMITS;
    for _ in 0..24 {
        let case = (damages.clone(), repeated.clone());
        let (damages, repeated) = case.new_tree(&mut runner).unwrap().current();
        let snapshots = commits.iter().filter(|commit| commit.snapshot().is_some());
        for (commit, damage) in snapshots.zip(&damages) {
            put_damaged(subject, commit, *damage).await;
        }
        let history = engine.load::<Tally>(&"any".to_owned()).await.unwrap();
        assert_eq!(history.state, Sum::of(1..=COMMITS), "{damages:?}");
        assert_eq!(history.head, commits.last().unwrap().head(), "{damages:?}");
        let context = context(&format!("key-{repeated}"));
        let add = Add(vec![repeated], 0);
        let again =
            engine.execute::<Tally>(&"any".to_owned(), add, &context, Expect::Anything).await;
        let again = again.unwrap();
        assert!(again.replayed, "key-{repeated}: {damages:?}");
        assert_eq!(again.state, Sum::of(1..=repeated), "{damages:?}");
    }
}

async fn put_damaged(subject: &dyn StoreSubject, commit: &Commit, damage: Damage) {
    let mut item = raw(commit);
    match damage.inflict(commit.snapshot().unwrap()) {
        Some(text) => item.insert("sn".to_owned(), text.into()),
        None => item.remove("sn"),
    };
    assert!(subject.put_raw(item).await);
}

/// After a change of the state's shape, and back.
pub(super) async fn snapshots_of_another_schema_are_ignored_s11(subject: &dyn StoreSubject) {
    type Newer = Tally<2, 4>;
    add_up_to(subject, "schema", 10).await;
    let engine = engine(subject.store());
    let newer = engine.load::<Newer>(&"schema".to_owned()).await.unwrap();
    assert_eq!(newer.state, Sum::of(1..=10));
    for number in 11..=14 {
        let context = context(&format!("key-{number}"));
        let add = Add(vec![number], 0);
        let added =
            engine.execute::<Newer>(&"schema".to_owned(), add, &context, Expect::Anything).await;
        assert_eq!(added.unwrap().state, Sum::of(1..=number));
    }
    let older = engine.load::<Tally>(&"schema".to_owned()).await.unwrap();
    assert_eq!(older.state, Sum::of(1..=14));
}

/// Its seal is intact, so a bug wrote it: nothing may be built on it.
pub(super) async fn a_snapshot_of_another_version_is_an_error(subject: &dyn StoreSubject) {
    add_up_to(subject, "ahead", 9).await;
    let commits = read_all(&*subject.store(), &stream("ahead")).await;
    for other_version in [1, 7, 9, 1 << 40] {
        let eighth = &commits[7];
        let sealed = resealed(eighth.snapshot().unwrap(), |snapshot| {
            snapshot.version = Version::new(other_version).unwrap();
        });
        let mut item = raw(eighth);
        item.insert("sn".to_owned(), sealed.unwrap().into());
        assert!(subject.put_raw(item).await);

        match read(subject, "ahead", ReadFrom::Newest, 4).await {
            Err(ReadError::Corrupt(corrupt)) => {
                assert_eq!(corrupt.stream, "Tally#ahead");
                assert_eq!(corrupt.ordinal, Some(8));
            }
            other => panic!("version {other_version}: {other:?}"),
        }
        let loaded = engine(subject.store()).load::<Tally>(&"ahead".to_owned()).await;
        assert!(matches!(loaded, Err(LoadError::Read(ReadError::Corrupt(_)))));
    }
}

/// The commit is stored without it, and the next load reads more commits.
pub(super) async fn a_state_too_large_to_embed_is_left_out(subject: &dyn StoreSubject) {
    /// A tally whose snapshot grows over the limit.
    #[derive(Debug)]
    struct Large;
    #[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
    struct Text(String);
    impl dekigoto::Decider for Large {
        type Command = Add;
        type Event = crate::tally::Event;
        type State = Text;
        type Refusal = ();
        fn decide(_: &Text, add: Add) -> Result<Vec<Self::Event>, ()> {
            <Tally as dekigoto::Decider>::decide(&Sum::default(), add)
        }
        fn evolve(Text(text): Text, _: &Self::Event) -> Text {
            Text(text + &"x".repeat(SNAPSHOT_BYTES_MAX / 6))
        }
    }
    impl dekigoto::Aggregate for Large {
        type Id = String;

        const TYPE: &'static str = "Tally";
        const SNAPSHOT_SCHEMA: u32 = 1;
        const SNAPSHOT_EVERY: u32 = 4;
    }
    let engine = engine(subject.store());
    for number in 1..=13 {
        let context = context(&format!("key-{number}"));
        let add = Add(vec![number], 0);
        let added =
            engine.execute::<Large>(&"large".to_owned(), add, &context, Expect::Anything).await;
        added.unwrap();
    }
    let commits = read_all(&*subject.store(), &stream("large")).await;
    let sealed: Vec<Option<Value>> = commits.iter().map(|it| raw(it).get("sn").cloned()).collect();
    assert!(sealed[3].is_some(), "the fourth state still fits");
    assert!(sealed[4..].iter().all(Option::is_none), "later ones do not");
    let history = engine.load::<Large>(&"large".to_owned()).await.unwrap();
    assert_eq!(history.state.0.len(), 13 * (SNAPSHOT_BYTES_MAX / 6));
}
