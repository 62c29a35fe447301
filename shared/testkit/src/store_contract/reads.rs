//! What is read is what was written.

use dekigoto::{Context, Head, NewEvent, Ordinal, Payload, ReadFrom, Snapshot, Version};

use super::{Commit, StoreSubject, append_some, commit, read, read_all};
use crate::tally::{context, fingerprint, stream};

/// Wherever the read starts.
pub(super) async fn a_stream_that_was_never_written_is_empty(subject: &dyn StoreSubject) {
    append_some(&*subject.store(), &stream("neighbour"), 3).await;
    let beyond = Ordinal::new(77).unwrap();
    for from in [
        ReadFrom::Newest,
        ReadFrom::Down(Ordinal::FIRST),
        ReadFrom::Down(beyond),
        ReadFrom::Up(Ordinal::FIRST),
        ReadFrom::Up(beyond),
    ] {
        let nothing = read(subject, "nobody", from, 10).await;
        assert_eq!(nothing.unwrap(), [], "{from:?}");
    }
}

/// Every field, with and without the optional ones, and payloads byte for byte.
pub(super) async fn a_commit_comes_back_as_it_was_written(subject: &dyn StoreSubject) {
    let text = r#"{ "b":1.50, "a":"\u00e9 – 出来事 \"quoted\"", "n": 12345678901234567890 }"#;
    let event = |schema_version| NewEvent {
        event_type: "Happened".to_owned(),
        schema_version,
        payload: Payload::from_text(text.to_owned()).unwrap(),
    };
    let bare = Context { causation_id: None, traceparent: None, ..context("bare") };
    let first =
        Commit::after(&Head::empty(stream("a")), vec![event(1), event(7)], bare, fingerprint("a"))
            .unwrap();
    let second =
        Commit::after(&first.head(), vec![event(2)], context("full"), fingerprint("b")).unwrap();
    let second = second.with_snapshot(Some(Snapshot {
        schema: 3,
        version: Version::new(3).unwrap(),
        keys: Vec::new(),
        state: Payload::from_text(text.to_owned()).unwrap(),
    }));
    for commit in [&first, &second] {
        subject.store().append(commit).await.unwrap();
    }
    let all = read_all(&*subject.store(), &stream("a")).await;
    assert_eq!(all, [first, second]);
    assert_eq!(all[0].events()[1].payload.as_str(), text);
}

/// After each append, and from both ends.
pub(super) async fn a_read_sees_every_append_that_was_acknowledged_s3(subject: &dyn StoreSubject) {
    let mut head = Head::empty(stream("fresh"));
    for number in 1..=25 {
        let next = commit(&head, &format!("key-{number}"), &[number]);
        subject.store().append(&next).await.unwrap();
        let newest = read(subject, "fresh", ReadFrom::Newest, 1).await;
        assert_eq!(newest.unwrap(), std::slice::from_ref(&next));
        head = next.head();
    }
    assert_eq!(read_all(&*subject.store(), &stream("fresh")).await.len(), 25);
}

/// Ordinals are numbers: 10 comes after 9, not after 1.
pub(super) async fn reads_go_up_and_down_from_every_ordinal_past_nine_and_ten(
    subject: &dyn StoreSubject,
) {
    let appended = append_some(&*subject.store(), &stream("ten"), 12).await;
    let read = async |from| read(subject, "ten", from, 100).await.unwrap();
    let down: Vec<Commit> = appended.iter().rev().cloned().collect();
    assert_eq!(read(ReadFrom::Newest).await, down);
    for place in 1..=12 {
        let ordinal = Ordinal::new(u64::try_from(place).unwrap()).unwrap();
        assert_eq!(read(ReadFrom::Up(ordinal)).await, appended[place - 1..]);
        assert_eq!(read(ReadFrom::Down(ordinal)).await, down[12 - place..]);
    }
    let beyond = Ordinal::new(13).unwrap();
    assert_eq!(read(ReadFrom::Up(beyond)).await, []);
    assert_eq!(read(ReadFrom::Down(beyond)).await, down);
}

/// At most the limit, at least one.
pub(super) async fn a_limit_bounds_a_read_and_zero_is_not_the_end(subject: &dyn StoreSubject) {
    append_some(&*subject.store(), &stream("limit"), 5).await;
    for (limit, most) in [(0, 1), (1, 1), (3, 3), (5, 5), (6, 5), (u32::MAX, 5)] {
        for from in [ReadFrom::Newest, ReadFrom::Up(Ordinal::FIRST)] {
            let page = read(subject, "limit", from, limit).await;
            let page = page.unwrap().len();
            assert!((1..=most).contains(&page), "limit {limit}: {page}");
        }
    }
}
