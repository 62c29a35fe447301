//! What a command costs.

use dekigoto::{Commit, Expect, Head, NewEvent, Payload, Snapshot, StoredCommit, Version};

use super::{StoreSubject, commit, counted_engine, raw};
use crate::tally::{Add, Sum, Tally, context, stream};

/// A commit whose only payload has that many bytes.
fn of_payload(stream_id: &str, bytes: usize) -> Commit {
    let event = NewEvent {
        event_type: "OrderPlaced".to_owned(),
        schema_version: 1,
        payload: Payload::of(&"x".repeat(bytes - 2)).unwrap(),
    };
    Commit::after(
        &Head::empty(stream(stream_id)),
        vec![event],
        context("0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11", "POST /v1/orders"),
    )
    .unwrap()
}

/// Around each boundary of 1,024 bytes, and far above; with texts that are not ASCII; with and without a snapshot.
pub(super) async fn the_estimated_write_units_are_what_the_engine_charges(
    subject: &dyn StoreSubject,
) {
    let mut commits: Vec<Commit> = (2..=2000)
        .step_by(37)
        .chain([10_000, 100_000])
        .map(|bytes| of_payload(&format!("cost-{bytes}"), bytes))
        .collect();
    // Byte for byte around the first boundary: there an estimate that is off by one shows.
    let base = StoredCommit::from(&of_payload("edge-00", 100)).size_bytes() - 100;
    commits.extend((1020..=1028).map(|size| of_payload("edge-00", size - base)));
    commits
        .extend(["注文", "café", "🛒🛒🛒"].map(|id| commit(&Head::empty(stream(id)), "k", &[1])));
    let snapshot = Snapshot {
        schema: 1,
        version: Version::FIRST,
        keys: Vec::new(),
        state: Payload::of(&Sum::of(1..=9)).unwrap(),
    };
    let with_snapshot = commit(&Head::empty(stream("sn")), "k", &[1]);
    commits.push(with_snapshot.with_snapshot(Some(snapshot)));
    for commit in commits {
        let stored = StoredCommit::from(&commit);
        if let Some(charged) = subject.write_units(raw(&commit)).await {
            let size = stored.size_bytes();
            assert_eq!(stored.write_units(), charged, "{}: {size} bytes", stored.pk);
        }
    }
}

/// And a command is one read and one append, at any length.
pub(super) async fn a_command_is_one_append_and_a_create_loads_nothing(subject: &dyn StoreSubject) {
    let (counted, engine) = counted_engine(subject);
    let first = context("key-1", "r");
    let created = engine.create::<Tally>("a", Add(vec![1], 0), &first).await;
    created.unwrap();
    assert_eq!(counted.take(), (1, 0, 0), "appends, reads, commits read");
    for number in 2..=20 {
        let context = context(&format!("key-{number}"), "r");
        let add = Add(vec![number; 3], 0);
        let added = engine.execute::<Tally>("a", add, &context, Expect::Anything);
        assert_eq!(added.await.unwrap().version, Version::new(1 + 3 * (number - 1)));
        let (appends, reads, commits_read) = counted.take();
        assert_eq!((appends, reads), (1, 1));
        assert!(commits_read <= 4, "{commits_read} commits read");
    }
}
