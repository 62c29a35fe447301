//! Many writers at once, and replies that do not come.

use std::sync::Arc;

use dekigoto::{AppendError, Engine, Expect, Head, Ordinal, ReadFrom};
use futures_util::future::join_all;

use super::{StoreSubject, assert_gapless, commit, engine, read_all};
use crate::{
    Fault, UnreliableStore, still_host,
    tally::{Add, Sum, Tally, context, stream},
};

/// One round: all from the same head.
pub(super) async fn among_a_hundred_writers_one_wins_and_ninety_nine_are_told_s1(
    subject: &dyn StoreSubject,
) {
    let store = subject.store();
    let mut head = Head::empty(stream("hundred"));
    for round in 1..=3 {
        let writers = (0..100).map(|writer| {
            let events: Vec<u64> = (0..=writer % 3).collect();
            let commit = commit(&head, &format!("{round}-{writer}"), &events);
            let store = Arc::clone(&store);
            async move { (store.append(&commit).await, commit) }
        });
        let outcomes = join_all(writers).await;
        let winners: Vec<_> = outcomes.iter().filter(|(won, _)| won.is_ok()).collect();
        assert_eq!(winners.len(), 1, "round {round}");
        let winner = winners[0].1.clone();
        for (outcome, loser) in outcomes {
            if loser != winner {
                super::places::assert_lost(outcome, &winner);
            }
        }
        head = winner.head();
    }
    let read = read_all(&*store, &stream("hundred")).await;
    assert_eq!(read.len(), 3);
    assert_gapless(&read);
}

const WRITERS: u64 = 20;

/// Each writer reads and tries until its commit is in.
pub(super) async fn twenty_writers_all_land_without_a_gap_s2(subject: &dyn StoreSubject) {
    let store = subject.store();
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        async move {
            // Who loses was beaten by somebody who landed, so nobody loses more often than there are others.
            for _ in 0..WRITERS {
                let newest = store.read(&stream("all"), ReadFrom::Newest, 1).await.unwrap();
                let head = match newest.first() {
                    Some(newest) => newest.head(),
                    None => Head::empty(stream("all")),
                };
                let numbers: Vec<u64> = (0..=writer % 4).collect();
                let commit = commit(&head, &format!("writer-{writer}"), &numbers);
                match store.append(&commit).await {
                    Ok(()) => return,
                    Err(AppendError::Conflict { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    });
    join_all(writers).await;
    let read = read_all(&*store, &stream("all")).await;
    assert_eq!(read.len(), 20);
    assert_gapless(&read);
    let mut keys: Vec<String> =
        read.iter().map(|commit| commit.context().key.to_string()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 20, "every writer landed once");
}

async fn check_one_commit_under(subject: &dyn StoreSubject, id: &str, faults: &[Fault]) {
    let unreliable = UnreliableStore::new(subject.store(), faults.iter().copied());
    let engine = Engine::new(Arc::new(unreliable), Arc::new(still_host()));
    let add = |number| Add(vec![number], 0);
    let answer = engine.create::<Tally>(&id.to_owned(), add(1), &context("k-1")).await;
    let answer = answer.unwrap();
    assert_eq!((answer.state, answer.replayed), (Sum::of([1]), false));
    let executed =
        engine.execute::<Tally>(&id.to_owned(), add(2), &context("k-2"), Expect::Anything).await;
    assert_eq!(executed.unwrap().state, Sum::of([1, 2]));
    let read = read_all(&*subject.store(), &stream(id)).await;
    assert_eq!(read.len(), 2);
    assert_gapless(&read);
}

/// The write was applied and the answer dropped: the repeated append finds its own commit.
pub(super) async fn a_lost_reply_is_one_commit_and_a_success_s3(subject: &dyn StoreSubject) {
    use Fault::LosesReply;
    check_one_commit_under(subject, "lost", &[LosesReply]).await;
    check_one_commit_under(subject, "lost-thrice", &[LosesReply; 3]).await;

    // Somebody else commits before the loss is noticed: the place still tells.
    let first = commit(&Head::empty(stream("late")), "k-1", &[1]);
    subject.store().append(&first).await.unwrap();
    let second = commit(&first.head(), "k-2", &[2]);
    subject.store().append(&second).await.unwrap();
    subject.store().append(&first).await.unwrap();
    let from = ReadFrom::Up(Ordinal::FIRST);
    let read = subject.store().read(&stream("late"), from, 9).await.unwrap();
    assert_eq!(read, [first, second]);
}

/// Nothing was applied, then it was.
pub(super) async fn a_lost_request_and_throttling_end_in_one_commit_s3(subject: &dyn StoreSubject) {
    use Fault::{LosesReply, LosesRequest, Throttles};
    check_one_commit_under(subject, "request", &[LosesRequest]).await;
    check_one_commit_under(subject, "busy", &[Throttles, Throttles, Throttles]).await;
    check_one_commit_under(subject, "mixed", &[Throttles, LosesReply, LosesRequest]).await;
    let engine = engine(subject.store());
    assert_eq!(engine.load::<Tally>(&"mixed".to_owned()).await.unwrap().state, Sum::of([1, 2]));
}
