//! Entries, leases, and the order of streams.

use std::{collections::BTreeSet, time::Duration};

use dekigoto::{
    AppendError, Ordinal, Pointer, StreamId, Target,
    limits::BUS_BATCH_MAX,
    outbox::Order::{Any, PerStream},
};
use futures_util::future::join_all;

use super::{LONG, OutboxSubject, append, first_of, ids, lease, names, pointers};
use crate::tally::{commit, stream};

pub(super) async fn an_outbox_without_commits_has_no_entries(subject: &dyn OutboxSubject) {
    for order in [Any, PerStream] {
        assert_eq!(lease(&*subject.outbox(), order).await, []);
    }
    subject.outbox().done(&[]).await.unwrap();
}

pub(super) async fn every_commit_has_one_entry_and_a_refused_one_has_none_s7(
    subject: &dyn OutboxSubject,
) {
    let commits = append(subject, "a", 3).await;
    subject.store().append(&commits[1]).await.unwrap();
    let loser = commit(&commits[0].head(), "another", &[9]);
    let refused = subject.store().append(&loser).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })));
    let leased = lease(&*subject.outbox(), Any).await;
    let expected: Vec<Pointer> = commits.iter().map(Pointer::to).collect();
    assert_eq!(pointers(&leased), expected);
    assert!(leased.iter().all(|entry| entry.attempts == 1));
}

pub(super) async fn what_waits_is_counted_until_it_is_done(subject: &dyn OutboxSubject) {
    let outbox = subject.outbox();
    assert_eq!(outbox.waiting().await.unwrap(), 0);
    append(subject, "a", 3).await;
    assert_eq!(outbox.waiting().await.unwrap(), 3);
    let leased = lease(&*outbox, Any).await;
    assert_eq!(outbox.waiting().await.unwrap(), 3, "a leased entry still waits");
    outbox.done(&ids(&leased[..2])).await.unwrap();
    assert_eq!(outbox.waiting().await.unwrap(), 1);
}

pub(super) async fn a_limit_bounds_a_lease_and_zero_counts_as_one(subject: &dyn OutboxSubject) {
    append(subject, "a", 4).await;
    let outbox = subject.outbox();
    let sizes = async |limit| outbox.lease(limit, LONG, Any).await.unwrap().len();
    assert_eq!((sizes(2).await, sizes(0).await, sizes(10).await, sizes(10).await), (2, 1, 1, 0));
}

pub(super) async fn the_oldest_entries_are_leased_first(subject: &dyn OutboxSubject) {
    for id in ["c", "a", "b"] {
        append(subject, id, 1).await;
    }
    for expected in ["c1", "a1", "b1"] {
        assert_eq!(names(&subject.outbox().lease(1, LONG, Any).await.unwrap()), [expected]);
    }
}

pub(super) async fn nobody_else_gets_a_leased_entry(subject: &dyn OutboxSubject) {
    append(subject, "a", 2).await;
    assert_eq!(lease(&*subject.outbox(), Any).await.len(), 2);
    assert_eq!(lease(&*subject.outbox(), Any).await, []);
}

pub(super) async fn an_entry_is_due_again_when_its_lease_ends_l1(subject: &dyn OutboxSubject) {
    append(subject, "a", 1).await;
    let outbox = subject.outbox();
    for attempts in 1..=3 {
        let leased = outbox.lease(10, Duration::ZERO, Any).await.unwrap();
        assert_eq!((names(&leased), leased[0].attempts), (vec!["a1".to_owned()], attempts));
    }
}

/// Also when it is done twice, as after a lost reply, or when its lease has ended.
pub(super) async fn an_entry_that_is_done_never_comes_again(subject: &dyn OutboxSubject) {
    append(subject, "a", 3).await;
    let outbox = subject.outbox();
    let leased = outbox.lease(10, Duration::ZERO, Any).await.unwrap();
    outbox.done(&ids(&leased[..2])).await.unwrap();
    outbox.done(&ids(&leased[..2])).await.unwrap();
    outbox.put_back(leased[0].id, Duration::ZERO).await.unwrap();
    let last = lease(&*outbox, Any).await;
    assert_eq!(names(&last), ["a3"]);
    // A relay that is late must not delete an entry that was made after its own.
    outbox.done(&ids(&last)).await.unwrap();
    append(subject, "b", 1).await;
    outbox.done(&ids(&leased)).await.unwrap();
    assert_eq!(names(&lease(&*outbox, Any).await), ["b1"]);
}

pub(super) async fn an_entry_that_was_put_back_waits(subject: &dyn OutboxSubject) {
    append(subject, "a", 2).await;
    let outbox = subject.outbox();
    let leased = lease(&*outbox, Any).await;
    outbox.put_back(leased[0].id, Duration::ZERO).await.unwrap();
    outbox.put_back(leased[1].id, LONG).await.unwrap();
    let again = lease(&*outbox, Any).await;
    assert_eq!((names(&again), again[0].attempts), (vec!["a1".to_owned()], 2));
}

pub(super) async fn a_pointer_that_was_put_names_only_its_targets(subject: &dyn OutboxSubject) {
    let outbox = subject.outbox();
    let pointer = |number| Pointer::new(stream("a"), Ordinal::new(number).unwrap());
    let mut put: Vec<Pointer> = (1..=10).map(pointer).collect();
    assert_eq!(put.len(), BUS_BATCH_MAX);
    put[3] = put[3].only([Target::Topic]);
    put[4] = put[4].only([Target::Bus]);
    let answers = outbox.put(&put).await.unwrap();
    assert_eq!(answers, vec![Ok(()); 10]);
    assert_eq!(pointers(&lease(&*outbox, Any).await), put);
}

pub(super) async fn any_name_of_a_stream_comes_back(subject: &dyn OutboxSubject) {
    let names =
        [("Order", "a#b"), ("型", "注文-42 🛒"), ("T", "a\n\"'\\,{}"), ("T", "cafe\u{301}")];
    for (aggregate_type, id) in names {
        let stream = StreamId::new(aggregate_type, id).unwrap();
        let first = commit(&dekigoto::Head::empty(stream), "key", &[1]);
        subject.store().append(&first).await.unwrap();
        let leased = lease(&*subject.outbox(), PerStream).await;
        assert_eq!(pointers(&leased), [Pointer::to(&first)]);
    }
}

pub(super) async fn each_entry_is_leased_by_one_of_many_relays(subject: &dyn OutboxSubject) {
    for number in 0..40 {
        append(subject, &format!("s{number}"), 1).await;
    }
    let outbox = subject.outbox();
    for order in [Any, PerStream] {
        // Each with a connection of its own, where a store has connections.
        let relays: Vec<_> = (0..10).map(|_| subject.outbox()).collect();
        let leases = relays.iter().map(|relay| relay.lease(4, LONG, order));
        let leased: Vec<_> = join_all(leases).await.into_iter().flat_map(Result::unwrap).collect();
        let distinct: BTreeSet<_> = ids(&leased).into_iter().collect();
        assert_eq!(distinct.len(), leased.len(), "an entry was leased twice");
        // A relay may skip what another is about to lease, so a second round takes the rest.
        let rest = lease(&*outbox, order).await;
        assert_eq!(leased.len() + rest.len(), 40);
        for entry in leased.iter().chain(&rest) {
            outbox.put_back(entry.id, Duration::ZERO).await.unwrap();
        }
    }
}

/// A relay that reads while writers commit, in whatever order.
pub(super) async fn writers_at_the_same_time_lose_no_entry_l1(subject: &dyn OutboxSubject) {
    let writers = (0..20).map(|writer| append(subject, writer_name(writer), 5));
    let relay = async {
        let mut seen = BTreeSet::new();
        for _ in 0..ROUNDS_MAX {
            let leased = subject.outbox().lease(7, LONG, Any).await.unwrap();
            for name in names(&leased) {
                assert!(seen.insert(name.clone()), "{name} came twice");
            }
            subject.outbox().done(&ids(&leased)).await.unwrap();
            if seen.len() == 100 {
                return;
            }
            pause().await;
        }
        panic!("only {} of 100 entries came", seen.len());
    };
    futures_util::future::join(join_all(writers), relay).await;
    assert_eq!(lease(&*subject.outbox(), Any).await, []);
}

/// More rounds than the writers need.
pub(super) const ROUNDS_MAX: usize = 20_000;

fn writer_name(number: usize) -> &'static str {
    const NAMES: [&str; 20] = [
        "a-", "b-", "c-", "d-", "e-", "f-", "g-", "h-", "i-", "j-", "k-", "l-", "m-", "n-", "o-",
        "p-", "q-", "r-", "s-", "t-",
    ];
    NAMES[number]
}

/// Lets the writers of the same task go on.
pub(super) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

pub(super) async fn in_order_only_the_oldest_entry_of_each_stream_is_leased(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 3).await;
    append(subject, "b", 2).await;
    let outbox = subject.outbox();
    for expected in [&["a1", "b1"][..], &["a2", "b2"], &["a3"], &[]] {
        let leased = lease(&*outbox, PerStream).await;
        assert_eq!(names(&leased), expected);
        assert_eq!(lease(&*outbox, PerStream).await, [], "the next wait for {expected:?}");
        outbox.done(&ids(&leased)).await.unwrap();
    }
}

pub(super) async fn in_order_a_waiting_entry_holds_up_its_own_stream_only(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 2).await;
    append(subject, "b", 2).await;
    let outbox = subject.outbox();
    let leased = lease(&*outbox, PerStream).await;
    outbox.put_back(leased[0].id, LONG).await.unwrap();
    outbox.done(&ids(&leased[1..])).await.unwrap();
    assert_eq!(names(&lease(&*outbox, PerStream).await), ["b2"]);
    assert_eq!(names(&lease(&*outbox, Any).await), ["a2"], "without order nothing holds it up");
}

pub(super) async fn in_order_a_pointer_that_was_put_goes_before_later_commits(
    subject: &dyn OutboxSubject,
) {
    let commits = append(subject, "a", 2).await;
    subject.store().append(&first_of("b", 1)).await.unwrap();
    let outbox = subject.outbox();
    let leased = lease(&*outbox, PerStream).await;
    // As the relay does when one target has refused it.
    outbox.put(&[Pointer::to(&commits[0]).only([Target::Bus])]).await.unwrap();
    outbox.done(&ids(&leased)).await.unwrap();
    let again = lease(&*outbox, PerStream).await;
    assert_eq!(pointers(&again), [Pointer::to(&commits[0]).only([Target::Bus])]);
}
