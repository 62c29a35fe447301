//! A stream that is longer than any page.

use dekigoto::{Expect, Ordinal, ReadFrom, StoredCommit, Version};

use super::{StoreSubject, assert_gapless, counted_engine, engine, read_all};
use crate::tally::{Add, Sum, Tally, context, stream};

const COMMITS: u64 = 105;
const EVENTS_PER_COMMIT: u64 = 100;
const PADDING_BYTES: usize = 450;

/// A page of a DynamoDB query ends at 1 MB, in the middle of this stream several times over.
pub(super) async fn a_stream_of_ten_thousand_events_and_five_megabytes(subject: &dyn StoreSubject) {
    let events = COMMITS * EVENTS_PER_COMMIT;
    write(subject).await;

    let commits = read_all(&*subject.store(), &stream("long")).await;
    assert_gapless(&commits);
    let bytes: usize = commits.iter().map(|commit| StoredCommit::from(commit).ev.len()).sum();
    assert!(events > 10_000 && bytes > 5 * 1024 * 1024, "{events} events, {bytes} bytes");
    assert_eq!(commits.last().unwrap().last_version(), Version::new(events).unwrap());

    // Without snapshots every event is folded, and with them the answer is the same.
    let engine = engine(subject.store());
    let all = engine.load::<Tally<999, { u32::MAX }>>(&"long".to_owned()).await.unwrap();
    assert_eq!(all.state, Sum::of(1..=events));
    let (counted, engine) = counted_engine(subject);
    assert_eq!(engine.load::<Tally>(&"long".to_owned()).await.unwrap().state, all.state);
    let (_, _, commits_read) = counted.take();
    assert!(commits_read <= 4, "{commits_read} commits read");

    let past = Version::new(5_050).unwrap();
    let past = engine.load_at::<Tally>(&"long".to_owned(), past).await.unwrap();
    assert_eq!(past.state, Sum::of(1..=5_050));
    down_to_the_first(subject).await;
}

async fn write(subject: &dyn StoreSubject) {
    let engine = engine(subject.store());
    let id = "long".to_owned();
    for number in 0..COMMITS {
        let numbers = number * EVENTS_PER_COMMIT + 1..=(number + 1) * EVENTS_PER_COMMIT;
        let context = context(&format!("key-{number}"));
        let add = Add(numbers.collect(), PADDING_BYTES);
        engine.execute::<Tally>(&id, add, &context, Expect::Anything).await.unwrap();
    }
}

async fn down_to_the_first(subject: &dyn StoreSubject) {
    let mut from = ReadFrom::Newest;
    let mut expected = COMMITS;
    loop {
        let page = subject.store().read(&stream("long"), from, u32::MAX).await;
        let page = page.unwrap();
        for commit in &page {
            assert_eq!(commit.ordinal().get(), expected);
            expected -= 1;
        }
        let Some(next) = Ordinal::new(expected) else {
            return;
        };
        assert!(!page.is_empty(), "the read ended before the stream");
        from = ReadFrom::Down(next);
    }
}
