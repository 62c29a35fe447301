//! Commits from empty to the limits.

use dekigoto::{
    CommitError, Head, NewEvent, Payload, ReadFrom, Snapshot, StreamId, Version,
    limits::{
        AGGREGATE_ID_BYTES_MAX, AGGREGATE_TYPE_BYTES_MAX, COMMIT_BYTES_MAX, EVENT_BYTES_MAX,
        EVENTS_PER_COMMIT_MAX, METADATA_TEXT_BYTES_MAX, SNAPSHOT_BYTES_MAX,
    },
};

use super::{Commit, StoreSubject, assert_gapless, commit, raw, read, read_all};
use crate::tally::{context, fingerprint, stream};

/// Also more events than the 25 items of a DynamoDB batch.
pub(super) async fn commits_of_one_two_and_a_hundred_events_are_whole(subject: &dyn StoreSubject) {
    let mut head = Head::empty(stream("many"));
    let mut appended = Vec::new();
    for (place, events) in [1, 2, 26, 100, 1].into_iter().enumerate() {
        let numbers: Vec<u64> = (0..events).collect();
        let next = commit(&head, &format!("key-{place}"), &numbers);
        subject.store().append(&next).await.unwrap();
        head = next.head();
        appended.push(next);
    }
    let read = read_all(&*subject.store(), &stream("many")).await;
    assert_eq!(read, appended);
    assert_gapless(&read);
    assert_eq!(head.version().unwrap().get(), 130);
}

/// So it cannot be appended.
pub(super) async fn an_empty_commit_cannot_be_made(_: &dyn StoreSubject) {
    let nothing =
        Commit::after(&Head::empty(stream("a")), Vec::new(), context("k"), fingerprint("r"));
    assert_eq!(nothing, Err(CommitError::Empty));
}

/// The largest possible commit: events, snapshot, names and metadata all at their limits.
pub(super) async fn commits_at_every_limit_are_stored_and_larger_ones_cannot_be_made(
    subject: &dyn StoreSubject,
) {
    let longest =
        StreamId::new("T".repeat(AGGREGATE_TYPE_BYTES_MAX), "i".repeat(AGGREGATE_ID_BYTES_MAX));
    let head = Head::empty(longest.unwrap());
    let commit = |events: Vec<NewEvent>| {
        let mut context = context(&"k".repeat(255));
        context.actor = "a".repeat(METADATA_TEXT_BYTES_MAX);
        context.correlation_id = "c".repeat(METADATA_TEXT_BYTES_MAX);
        context.causation_id = Some("c".repeat(METADATA_TEXT_BYTES_MAX));
        context.traceparent = Some("t".repeat(METADATA_TEXT_BYTES_MAX));
        Commit::after(&head, events, context, fingerprint("r"))
    };
    let too_large = Err(CommitError::EventTooLarge { bytes: EVENT_BYTES_MAX + 1 });
    assert_eq!(commit(vec![event(EVENT_BYTES_MAX + 1)]), too_large);
    let too_many = vec![event(2); EVENTS_PER_COMMIT_MAX + 1];
    assert!(matches!(commit(too_many), Err(CommitError::TooManyEvents { .. })));

    let two = vec![event(EVENT_BYTES_MAX), event(EVENT_BYTES_MAX)];
    let with_third = |bytes| commit([two.clone(), vec![event(bytes)]].concat());
    let smallest = raw(&with_third(2).unwrap())["ev"].as_str().unwrap().len();
    let largest = 2 + COMMIT_BYTES_MAX - smallest;
    let too_large = Err(CommitError::TooLarge { bytes: COMMIT_BYTES_MAX + 1 });
    assert_eq!(with_third(largest + 1), too_large);
    let commit = with_third(largest).unwrap();
    assert_eq!(raw(&commit)["ev"].as_str().unwrap().len(), COMMIT_BYTES_MAX);

    let snapshot = |bytes| Snapshot {
        schema: 1,
        version: Version::new(3).unwrap(),
        keys: Vec::new(),
        state: event(bytes).payload,
    };
    let largest = 2 + SNAPSHOT_BYTES_MAX - snapshot(2).seal().unwrap().len();
    assert_eq!(snapshot(largest + 1).seal(), None);
    let commit = commit.with_snapshot(Some(snapshot(largest)));
    subject.store().append(&commit).await.unwrap();
    assert_eq!(read_all(&*subject.store(), head.stream()).await, [commit]);
}

/// An event whose payload has that many bytes, at least two.
fn event(bytes: usize) -> NewEvent {
    let text = format!("\"{}\"", "x".repeat(bytes - 2));
    NewEvent {
        event_type: "Grew".to_owned(),
        schema_version: 1,
        payload: Payload::from_text(text).unwrap(),
    }
}

/// Neither 32 bits nor the 53 of a JavaScript number are a limit.
pub(super) async fn versions_go_beyond_2_to_the_31(subject: &dyn StoreSubject) {
    for (id, version) in [("i32", 1u64 << 31), ("u32", 1 << 32), ("f64", (1 << 53) + 1)] {
        let first = commit(&Head::empty(stream(id)), "k-1", &[1]);
        let second = commit(&first.head(), "k-2", &[2]);
        let mut item = raw(&second);
        item.insert("v".to_owned(), version.into());
        item.insert("sk".to_owned(), version.into());
        assert!(subject.put_raw(item).await);

        let newest = read(subject, id, ReadFrom::Newest, 1).await.unwrap().remove(0);
        assert_eq!(newest.last_version().get(), version);
        let next = commit(&newest.head(), "k-3", &[3, 4]);
        subject.store().append(&next).await.unwrap();
        let both = read(subject, id, ReadFrom::Newest, 9).await;
        assert_eq!(both.unwrap(), [next.clone(), newest]);
        assert_eq!(next.last_version().get(), version + 2);
    }
}
