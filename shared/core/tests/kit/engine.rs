//! Commands on a store that conflicts, throttles or loses replies (s1, s4, s5).

use std::{sync::Arc, time::Duration};

use dekigoto::{
    AppendError, CommandError, Commit, Engine, EventStore, Expect, Head, Host as _, LIMITS,
    ReadError, ReadFrom, StreamId, Version,
    memory::{ManualHost, MemoryStore},
};
use dekigoto_testkit::{
    Add, BeatenStore, CountedStore, Fault, Sum, Tally, UnreliableStore, commit, context,
    still_host, stream,
};

fn engine(store: impl EventStore + 'static) -> Engine {
    Engine::new(Arc::new(store), Arc::new(still_host()))
}

async fn add(
    engine: &Engine,
    key: &str,
    numbers: &[u64],
    expect: Expect,
) -> Result<(Option<u64>, Sum, bool), CommandError<()>> {
    let command = Add(numbers.to_vec(), 0);
    let answer = engine.execute::<Tally>(&"t".to_owned(), command, &context(key), expect).await?;
    Ok((answer.version.map(Version::get), answer.state, answer.replayed))
}

#[tokio::test]
async fn preconditions_are_checked_before_the_decision() {
    let store = MemoryStore::new();
    let engine = engine(store.clone());
    let at = |version| Expect::Version(Version::new(version).unwrap());
    for (expect, holds) in [(Expect::Exists, false), (at(1), false), (Expect::Anything, true)] {
        assert_eq!(add(&engine, "first", &[1], expect).await.is_ok(), holds, "{expect:?}");
    }
    for (key, expect, actual) in [("a", at(2), Some(1)), ("b", at(9), Some(1))] {
        let error = add(&engine, key, &[2], expect).await.unwrap_err();
        let CommandError::PreconditionFailed { actual: told } = error else { panic!("{error}") };
        assert_eq!(told.map(Version::get), actual);
    }
    assert_eq!(store.dump().len(), 1, "nothing was written");
    assert!(add(&engine, "c", &[2], at(1)).await.is_ok());
    assert!(add(&engine, "d", &[2], Expect::Exists).await.is_ok());
}

#[tokio::test]
async fn a_replay_is_answered_before_the_precondition_is_checked_s5() {
    let engine = engine(MemoryStore::new());
    let one = Expect::Version(Version::FIRST);
    add(&engine, "first", &[1], Expect::Anything).await.unwrap();
    add(&engine, "second", &[2], one).await.unwrap();
    // The stream is at version 2 now because of this command.
    let again = add(&engine, "second", &[2], one).await.unwrap();
    assert_eq!(again, (Some(2), Sum::of([1, 2]), true));
}

#[tokio::test]
async fn a_command_that_loses_every_race_is_a_conflict_s16() {
    let store = MemoryStore::new();
    add(&engine(store.clone()), "first", &[1], Expect::Anything).await.unwrap();
    let counted = Arc::new(CountedStore::new(Arc::new(BeatenStore(Arc::new(store.clone())))));
    let beaten = Engine::new(counted.clone(), Arc::new(still_host()));
    let error = add(&beaten, "second", &[2], Expect::Anything).await.unwrap_err();
    assert!(matches!(error, CommandError::Conflict), "{error}");
    assert_eq!(counted.take().0, usize::try_from(LIMITS.decisions_max).unwrap());
    assert_eq!(store.dump().len(), 1, "nothing of the command is stored (s4)");
}

/// Every call takes almost as long as a client of the store waits.
struct Slow(MemoryStore, ManualHost);

#[async_trait::async_trait]
impl EventStore for Slow {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.1.advance(CALL);
        self.0.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.1.advance(CALL);
        self.0.read(stream, from, limit).await
    }
}

const CALL: Duration = Duration::from_millis(4_900);

#[tokio::test]
async fn a_creation_that_lost_its_place_ends_in_the_time_of_one_command_s16() {
    let (store, host) = (MemoryStore::new(), ManualHost::new());
    // The place is taken by somebody else.
    add(&engine(store.clone()), "theirs", &[1], Expect::Anything).await.unwrap();
    let slow = Engine::new(Arc::new(Slow(store, host.clone())), Arc::new(host.clone()));
    let add = Add(vec![2], 0);
    let answer = slow.create::<Tally>(&"t".to_owned(), add, &context("ours")).await;
    // The creation, one load, and no append, which would begin too late.
    assert!(matches!(answer, Err(CommandError::Unavailable(_))), "{answer:?}");
    assert!(host.monotonic() <= LIMITS.command_time_max + CALL, "{:?}", host.monotonic());
}

#[tokio::test]
async fn a_load_without_a_snapshot_that_fits_reads_large_pages_and_the_next_commit_heals_it_s16() {
    let store = MemoryStore::new();
    let mut head = Head::empty(stream("t"));
    for number in 1..=3_200 {
        let next = commit(&head, &format!("k{number}"), &[number]);
        store.append(&next).await.unwrap();
        head = next.head();
    }
    let counted = Arc::new(CountedStore::new(Arc::new(store)));
    let engine = Engine::new(counted.clone(), Arc::new(still_host()));
    let id = "t".to_owned();
    let history = engine.load::<Tally<2, 32>>(&id).await.unwrap();
    assert_eq!(history.state, Sum::of(1..=3_200));
    let (_, reads, commits) = counted.take();
    assert_eq!((reads, commits), (6, 3_200));
    let one = Add(vec![9], 0);
    engine.execute::<Tally<2, 32>>(&id, one, &context("heals"), Expect::Anything).await.unwrap();
    let _ = counted.take();
    engine.load::<Tally<2, 32>>(&id).await.unwrap();
    assert_eq!(counted.take(), (0, 1, 4));
}

#[tokio::test]
async fn a_lost_reply_does_not_fail_the_command_s3() {
    for faults in [vec![Fault::LosesReply], vec![Fault::LosesRequest], vec![Fault::Throttles; 3]] {
        let store = MemoryStore::new();
        let engine = engine(UnreliableStore::new(Arc::new(store.clone()), faults.clone()));
        let answer = add(&engine, "first", &[1], Expect::Anything).await.unwrap();
        assert_eq!(answer, (Some(1), Sum::of([1]), false), "{faults:?}");
        assert_eq!(store.dump().len(), 1, "{faults:?}");
    }
}

#[tokio::test]
async fn repeating_an_unanswered_command_tells_whether_it_was_stored_s5() {
    let sends = usize::try_from(LIMITS.sends_max).unwrap();
    for (fault, is_there) in [(Fault::LosesReply, true), (Fault::LosesRequest, false)] {
        let store = MemoryStore::new();
        let engine = engine(UnreliableStore::new(Arc::new(store.clone()), vec![fault; sends]));
        let error = add(&engine, "first", &[1], Expect::Anything).await.unwrap_err();
        assert!(matches!(error, CommandError::Unknown(_)), "{fault:?}: {error}");
        assert_eq!(store.dump().len(), usize::from(is_there), "{fault:?}");
        let again = add(&engine, "first", &[1], Expect::Anything).await.unwrap();
        assert_eq!(again, (Some(1), Sum::of([1]), is_there), "{fault:?}");
        assert_eq!(store.dump().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn an_error_after_a_lost_reply_reports_that_the_commit_may_be_stored_s4() {
    for faults in [vec![Fault::LosesReply, Fault::Breaks], vec![Fault::Breaks]] {
        let store = MemoryStore::new();
        let engine = engine(UnreliableStore::new(Arc::new(store.clone()), faults));
        let error = add(&engine, "first", &[1], Expect::Anything).await.unwrap_err();
        let is_there = !store.dump().is_empty();
        assert_eq!(matches!(error, CommandError::Unknown(_)), is_there, "{error}");
        assert_eq!(matches!(error, CommandError::Broken(_)), !is_there, "{error}");
    }
}

/// A store that takes half of a command's time, then throttles.
struct SlowStore(Arc<ManualHost>, CountedStore);

#[async_trait::async_trait]
impl EventStore for SlowStore {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.0.advance(LIMITS.command_time_max / 2 + Duration::from_millis(1));
        let _counted = self.1.append(commit).await;
        Err(AppendError::Throttled("slow".into()))
    }

    async fn read(&self, s: &StreamId, from: ReadFrom, n: u32) -> Result<Vec<Commit>, ReadError> {
        self.1.read(s, from, n).await
    }
}

#[tokio::test]
async fn a_command_begins_no_attempt_after_its_time_limit_s16() {
    let host = Arc::new(ManualHost::new());
    let counted = CountedStore::new(Arc::new(MemoryStore::new()));
    let slow = Arc::new(SlowStore(Arc::clone(&host), counted));
    let engine = Engine::new(slow.clone(), host);
    let error = add(&engine, "first", &[1], Expect::Anything).await.unwrap_err();
    assert!(matches!(error, CommandError::Unavailable(_)), "{error}");
    assert_eq!(slow.1.take().0, 2, "the third attempt would have begun too late");
}

#[tokio::test]
async fn a_throttled_command_is_unavailable_and_not_stored_s4() {
    let store = MemoryStore::new();
    let faults = vec![Fault::Throttles; usize::try_from(LIMITS.sends_max).unwrap()];
    let engine = engine(UnreliableStore::new(Arc::new(store.clone()), faults));
    let error = add(&engine, "first", &[1], Expect::Anything).await.unwrap_err();
    assert!(matches!(error, CommandError::Unavailable(_)), "{error}");
    assert!(store.dump().is_empty());
}

#[tokio::test]
async fn a_decision_without_events_writes_nothing() {
    let store = MemoryStore::new();
    let engine = engine(store.clone());
    let nothing = add(&engine, "first", &[], Expect::Anything).await.unwrap();
    assert_eq!(nothing, (None, Sum::default(), false));
    assert!(store.dump().is_empty());
}
