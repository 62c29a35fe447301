//! Concurrent writers, and lost replies.

use std::sync::Arc;

use dekigoto::{AppendError, Engine, Expect, Head, Ordinal, ReadFrom};
use futures_util::future::join_all;

use super::{StoreSubject, assert_gapless, commit, engine, read_all};
use crate::{
    Fault, UnreliableStore, still_host,
    tally::{Add, Sum, Tally, context, stream},
};

/// In each round, all writers have the same head.
pub(super) async fn among_a_hundred_writers_one_wins_and_the_others_get_the_winner_s1(
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

/// Each writer reads and appends until it succeeds.
pub(super) async fn twenty_writers_all_succeed_without_a_gap_s2(subject: &dyn StoreSubject) {
    let store = subject.store();
    let writers = (0..WRITERS).map(|writer| {
        let store = Arc::clone(&store);
        async move {
            // Each conflict is another writer's success, so no writer has more conflicts than there are others.
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
    assert_eq!(keys.len(), 20, "every writer succeeded once");
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

/// The write was applied and the reply lost: the repeated append finds its own commit.
pub(super) async fn a_lost_reply_ends_in_one_commit_and_success_s3(subject: &dyn StoreSubject) {
    use Fault::LosesReply;
    check_one_commit_under(subject, "lost", &[LosesReply]).await;
    check_one_commit_under(subject, "lost-thrice", &[LosesReply; 3]).await;

    // Another commit follows before the loss is noticed. The repeated append still succeeds.
    let first = commit(&Head::empty(stream("late")), "k-1", &[1]);
    subject.store().append(&first).await.unwrap();
    let second = commit(&first.head(), "k-2", &[2]);
    subject.store().append(&second).await.unwrap();
    subject.store().append(&first).await.unwrap();
    let from = ReadFrom::Up(Ordinal::FIRST);
    let read = subject.store().read(&stream("late"), from, 9).await.unwrap();
    assert_eq!(read, [first, second]);
}

/// The first attempts write nothing, a later one does.
pub(super) async fn a_lost_request_and_throttling_end_in_one_commit_s3(subject: &dyn StoreSubject) {
    use Fault::{LosesReply, LosesRequest, Throttles};
    check_one_commit_under(subject, "request", &[LosesRequest]).await;
    check_one_commit_under(subject, "busy", &[Throttles, Throttles, Throttles]).await;
    check_one_commit_under(subject, "mixed", &[Throttles, LosesReply, LosesRequest]).await;
    let engine = engine(subject.store());
    assert_eq!(engine.load::<Tally>(&"mixed".to_owned()).await.unwrap().state, Sum::of([1, 2]));
}
