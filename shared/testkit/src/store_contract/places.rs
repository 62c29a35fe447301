//! Each place of a stream is taken once.
//!
//! A commit for a later place cannot be built: a head comes from a load.

use dekigoto::{AppendError, EventStore, Head};

use super::{Commit, StoreSubject, append_some, assert_gapless, commit, read_all};
use crate::tally::stream;

/// Checks that the append lost to `winner`, and got it back.
#[track_caller]
pub(super) fn assert_lost(outcome: Result<(), AppendError>, winner: &Commit) {
    match outcome {
        Err(AppendError::Conflict { found }) => assert_eq!(*found, *winner),
        other => panic!("expected a conflict, not {other:?}"),
    }
}

async fn append(subject: &dyn StoreSubject, commit: &Commit) -> Result<(), AppendError> {
    let store: std::sync::Arc<dyn EventStore> = subject.store();
    store.append(commit).await
}

/// Every place, from the first to the newest.
pub(super) async fn a_place_is_taken_once_and_the_loser_gets_the_winner_s1(
    subject: &dyn StoreSubject,
) {
    let appended = append_some(&*subject.store(), &stream("places"), 11).await;
    let mut head = Head::empty(stream("places"));
    for winner in &appended {
        let loser = commit(&head, "another-key", &[99]);
        assert_lost(append(subject, &loser).await, winner);
        head = winner.head();
    }
    assert_eq!(read_all(&*subject.store(), &stream("places")).await, appended);
}

/// If the version were the sort key, version 3 would be free beside a commit with versions 2 to 4.
pub(super) async fn a_stale_writer_cannot_land_inside_an_earlier_commit_s1(
    subject: &dyn StoreSubject,
) {
    let appended = append_some(&*subject.store(), &stream("inside"), 1).await;
    let head = appended[0].head();
    let three = commit(&head, "three", &[2, 3, 4]);
    append(subject, &three).await.unwrap();

    let one = commit(&head, "one", &[5]);
    let two = commit(&head, "two", &[6, 7]);
    for stale in [one, two] {
        assert_lost(append(subject, &stale).await, &three);
    }
    let read = read_all(&*subject.store(), &stream("inside")).await;
    assert_eq!(read.len(), 2);
    assert_gapless(&read);
}

/// Also after another commit: a lost reply may be noticed late.
pub(super) async fn a_repeated_append_succeeds_and_is_stored_once_s3(subject: &dyn StoreSubject) {
    let appended = append_some(&*subject.store(), &stream("again"), 3).await;
    for commit in &appended {
        append(subject, commit).await.unwrap();
    }
    assert_eq!(read_all(&*subject.store(), &stream("again")).await, appended);
}

/// Two requests with one key at one moment make events with the same ids. Only one request is stored.
pub(super) async fn the_same_key_with_another_body_is_not_the_same_append_s5(
    subject: &dyn StoreSubject,
) {
    let head = Head::empty(stream("twins"));
    let (first, other) = (commit(&head, "key", &[1]), commit(&head, "key", &[2]));
    assert_eq!(first.events()[0].id, other.events()[0].id);
    append(subject, &first).await.unwrap();
    assert_lost(append(subject, &other).await, &first);
}
