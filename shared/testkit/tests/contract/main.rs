//! The in-memory adapters keep the contracts.

use dekigoto::{Commit, Head, NewEvent, Payload, StoredCommit, StreamId};
use dekigoto_testkit::{context, memory_store, memory_views, store_contract, view_contract};

#[tokio::test]
async fn memory_keeps_the_store_contract() {
    store_contract(async || memory_store()).await;
}

#[tokio::test]
async fn memory_keeps_the_view_contract() {
    view_contract(async || memory_views()).await;
}

/// The budget of design: one event of a usual size, with everything that can be known about it, is one write unit.
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
    let context = context("5f0c1f8e-2f0a-4b43-9a53-8a7f0e7b7a10", "POST /v1/orders");
    let commit = Commit::after(&Head::empty(order), vec![event], context).unwrap();
    let stored = StoredCommit::from(&commit);
    assert!(stored.size_bytes() <= 1024, "{} bytes", stored.size_bytes());
    assert_eq!(stored.write_units(), 1);
    println!("a usual commit of one event: {} bytes", stored.size_bytes());
}
