//! S15: a batch with a record without a unique id fails as a whole, and none of it is processed.

use serde_json::{Value, json};

use crate::support::{Functions, ORDER_SUMMARY, VIEWS, sample};

/// The event must fail as a whole in both batch functions and write nothing.
async fn fails(event: Value) {
    let world = Functions::with_history();
    let before = world.views.dump();
    let published = world.publisher(&event).await;
    assert!(published.answer.is_err(), "{event}");
    assert!(published.topic.is_empty() && published.bus.is_empty());
    assert!(world.projector(ORDER_SUMMARY, &event).await.is_err(), "{event}");
    assert_eq!(world.views.dump(), before);
    assert!(world.parking.dump().is_empty() && world.retry.drain().is_empty());
}

/// A sample event with another value at this pointer.
fn with(name: &str, pointer: &str, value: Value) -> Value {
    let mut event = sample(name);
    *event.pointer_mut(pointer).unwrap() = value;
    event
}

#[tokio::test]
async fn records_with_a_missing_or_shared_id_fail_the_whole_batch_s15() {
    fails(with("projector-raw.json", "/Records/1/messageId", Value::Null)).await;
    fails(with("projector-raw.json", "/Records/1/messageId", json!(""))).await;
    let shared = sample("projector-raw.json")["Records"][0]["messageId"].clone();
    fails(with("projector-raw.json", "/Records/2/messageId", shared)).await;
    fails(with("publisher-stream.json", "/Records/1/dynamodb/SequenceNumber", Value::Null)).await;
    let shared =
        sample("publisher-stream.json")["Records"][0]["dynamodb"]["SequenceNumber"].clone();
    fails(with("publisher-stream.json", "/Records/2/dynamodb/SequenceNumber", shared)).await;
}

#[tokio::test]
async fn an_unknown_event_source_fails_the_whole_batch() {
    for source in [json!("aws:kinesis"), json!("aws:s3"), Value::Null, json!(1)] {
        fails(with("projector-raw.json", "/Records/0/eventSource", source)).await;
    }
    fails(json!({})).await;
    fails(json!("hello")).await;
    fails(sample("api-health.json")).await;
}

#[tokio::test]
async fn a_projector_refuses_a_stream() {
    let world = Functions::default();
    assert!(world.projector(ORDER_SUMMARY, &sample("publisher-stream.json")).await.is_err());
    assert_eq!(world.views.dump(), []);
}

#[tokio::test]
async fn an_empty_batch_succeeds() {
    let world = Functions::default();
    let nothing = json!({ "Records": [] });
    assert_eq!(world.publisher(&nothing).await.answer, Ok(vec![]));
    assert_eq!(world.projector("daily-sales", &nothing).await, Ok(vec![]));
}

#[tokio::test]
async fn records_that_change_history_are_parked_at_any_position_l4() {
    for change in ["MODIFY", "REMOVE"] {
        for place in 0..3 {
            let world = Functions::default();
            let event = with(
                "publisher-stream.json",
                &format!("/Records/{place}/eventName"),
                json!(change),
            );
            let published = world.publisher(&event).await;
            assert_eq!((published.answer, published.topic.len()), (Ok(vec![]), 2));
            let parked = world.parking.dump();
            assert!(parked.len() == 1 && parked[0].1.contains(change), "{parked:?}");
        }
    }
}

#[tokio::test]
async fn a_batch_repeated_in_reverse_order_changes_nothing_s8() {
    let world = Functions::with_history();
    let mut event = sample("projector-raw.json");
    for view in VIEWS {
        world.projector(view, &event).await.unwrap();
    }
    let rows = world.views.dump();
    event["Records"].as_array_mut().unwrap().reverse();
    for view in VIEWS {
        assert_eq!(world.projector(view, &event).await, Ok(vec![]));
    }
    assert_eq!(world.views.dump(), rows);
}

#[tokio::test]
async fn without_time_left_every_record_is_reported() {
    let world = Functions::with_history();
    let event = sample("projector-raw.json");
    for millis in [0, 499] {
        let time = std::time::Duration::from_millis(millis);
        let late = world.projector_within(time, ORDER_SUMMARY, &event).await.unwrap();
        assert_eq!(late.len(), 3);
    }
    assert_eq!(world.views.dump(), []);
}
