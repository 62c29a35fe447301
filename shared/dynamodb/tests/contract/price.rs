//! What a commit costs, as the engine charges it.

use dekigoto::{
    Commit, Engine, Expect, Fingerprint, Head, NewEvent, Payload, ReadFrom, Snapshot, StoredCommit,
    StreamId, Version,
};
use dekigoto_testkit::{
    Add, RawItem, StoreSubject as _, Sum, Tally, commit, context, still_host, stream,
};

use crate::embedded;

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
        context("0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11"),
        Fingerprint::of(&["POST /v1/orders"]),
    )
    .unwrap()
}

/// Around each boundary of 1,024 bytes, and far above; with text that is not ASCII; with and without a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_estimated_write_units_are_what_the_engine_charges() {
    let table = embedded::service().await.table_of_events().await;
    let mut commits: Vec<Commit> = (2..=2000)
        .step_by(37)
        .chain([10_000, 100_000])
        .map(|bytes| of_payload(&format!("cost-{bytes}"), bytes))
        .collect();
    // Every size around the first boundary, where an estimate that is off by one shows.
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
        let charged = table.put(raw(&stored)).await;
        assert_eq!(stored.write_units(), charged, "{}: {} bytes", stored.pk, stored.size_bytes());
    }
}

/// The price of one event is the same at the beginning of a stream and at its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_costs_the_same_at_any_length_of_its_stream() {
    let table = embedded::service().await.table_of_events().await;
    let store = table.store();
    let engine = Engine::new(store.clone(), std::sync::Arc::new(still_host()));
    let tally = "long".to_owned();
    for length in 1..=100 {
        let context = context(&format!("key-{length}"));
        let add = Add(vec![1], 300);
        engine.execute::<Tally<1, 32>>(&tally, add, &context, Expect::Anything).await.unwrap();
        if length == 1 || length == 100 {
            let newest = store.read(&stream("long"), ReadFrom::Newest, 1).await.unwrap().remove(0);
            let newest = StoredCommit::from(&newest);
            assert_eq!(newest.write_units(), 1, "at {length}");
            assert_eq!(table.put(raw(&newest)).await, 1, "at {length}");
        }
    }
}

/// The budget: one event of a usual size, with all optional metadata, costs one write unit.
#[test]
fn a_usual_commit_of_one_event_is_at_most_1024_bytes() {
    let payload = serde_json::json!({
        "customerId": "0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11",
        "currency": "JPY",
        "items": [
            { "productId": "sku-0001-blue-xl", "quantity": 2, "unitAmount": 1500 },
            { "productId": "sku-0002-red-m", "quantity": 1, "unitAmount": 129_900 },
            { "productId": "sku-0003-green-s", "quantity": 12, "unitAmount": 90 },
        ],
        "totalAmount": 133_980,
        "placedOn": "2026-11-23",
    });
    let payload = Payload::of(&payload).unwrap();
    assert!((280..=320).contains(&payload.as_str().len()), "{payload:?}");
    let event = NewEvent { event_type: "OrderPlaced".to_owned(), schema_version: 1, payload };
    let order = StreamId::new("Order", "0198f3a4-7f63-7d0e-9c3f-2d1b8f0c5a11").unwrap();
    let context = context("5f0c1f8e-2f0a-4b43-9a53-8a7f0e7b7a10");
    let commit = Commit::after(
        &Head::empty(order),
        vec![event],
        context,
        Fingerprint::of(&["POST /v1/orders"]),
    )
    .unwrap();
    let stored = StoredCommit::from(&commit);
    assert!(stored.size_bytes() <= 1024, "{} bytes", stored.size_bytes());
    assert_eq!(stored.write_units(), 1);
    println!("a usual commit of one event: {} bytes", stored.size_bytes());
}

fn raw(stored: &StoredCommit) -> RawItem {
    serde_json::to_value(stored).unwrap().as_object().unwrap().clone()
}
