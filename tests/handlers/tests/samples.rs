//! Runs every sample event through the real handler and checks the effects.

use std::time::Duration;

use dekigoto_lambda::http::AuthMode;
use serde_json::{Value, json};

use crate::support::{Functions, ORDER, ORDER_SUMMARY, VIEWS, sample};

const SAMPLES: [&str; 13] = [
    "api-get-order.json",
    "api-health.json",
    "api-place-order-base64.json",
    "api-place-order.json",
    "projector-eventbridge-wrapped.json",
    "projector-poison.json",
    "projector-raw.json",
    "projector-sns-wrapped.json",
    "publisher-given-up.json",
    "publisher-retry.json",
    "publisher-stream-poison.json",
    "publisher-stream-remove.json",
    "publisher-stream.json",
];

#[test]
fn every_sample_event_has_a_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".json"));
    names.sort();
    assert_eq!(names, SAMPLES, "list the sample here and test its effect");
}

#[tokio::test]
async fn api_health_answers() {
    let world = Functions::default();
    let (status, body) = world.api(AuthMode::Iam, &sample("api-health.json")).await;
    assert_eq!((status, &body["status"]), (200, &json!("ok")));
}

#[tokio::test]
async fn api_place_order_stores_one_order_and_base64_repeats_it() {
    let world = Functions::default();
    let (status, placed) = world.api(AuthMode::Iam, &sample("api-place-order.json")).await;
    assert_eq!(
        (status, &placed["status"], &placed["version"]),
        (201, &json!("pending"), &json!(1))
    );
    let stored = world.store.dump();
    assert_eq!((stored.len(), &*stored[0].key), (1, "checkout-7f3a"));
    assert_eq!(&*stored[0].act, "arn:aws:sts::123456789012:assumed-role/shop");
    assert_eq!(&*stored[0].cor, "BvZ0XgKnliAEJmg=", "the gateway's request id");
    world.sleep(Duration::from_secs(1)).await;
    let again = world.api_response(AuthMode::Iam, &sample("api-place-order-base64.json")).await;
    assert_eq!(
        (again.status().as_u16(), again.headers()["idempotent-replayed"].as_bytes()),
        (201, &b"true"[..])
    );
    assert_eq!(serde_json::from_str::<Value>(again.body()).unwrap(), placed);
    assert_eq!(world.store.dump().len(), 1);
}

#[tokio::test]
async fn api_get_order_shows_the_order() {
    let event = sample("api-get-order.json");
    assert_eq!(Functions::default().api(AuthMode::Iam, &event).await.0, 404);
    let (status, body) = Functions::with_history().api(AuthMode::Iam, &event).await;
    assert_eq!(
        (status, &body["orderId"], &body["status"]),
        (200, &json!(ORDER), &json!("confirmed"))
    );
    assert_eq!((&body["version"], &body["paidAmount"]), (&json!(2), &json!(3000)));
}

#[tokio::test]
async fn publisher_stream_publishes_to_both_targets() {
    let world = Functions::default();
    let published = world.publisher(&sample("publisher-stream.json")).await;
    assert_eq!(published.answer, Ok(vec![]));
    let kinds = |messages: &[dekigoto::Message]| {
        messages.iter().map(|it| it.kind.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&published.topic), ["OrderPlaced", "PaymentReceived", "OrderConfirmed"]);
    assert_eq!(
        kinds(&published.bus),
        [
            "OrderCreatedIntegrationEvent",
            "PaymentReceivedIntegrationEvent",
            "OrderConfirmedIntegrationEvent"
        ]
    );
    assert!(world.parking.dump().is_empty() && world.retry.drain().is_empty());
}

#[tokio::test]
async fn publisher_stream_parks_two_poison_records_and_publishes_two_l4() {
    let world = Functions::default();
    let published = world.publisher(&sample("publisher-stream-poison.json")).await;
    assert_eq!((published.answer, published.topic.len()), (Ok(vec![]), 2));
    let parked = world.parking.dump();
    assert_eq!(parked.len(), 2);
    // Parked as pointers, they are published after the fix by a redrive to the retry queue.
    for (body, _) in &parked {
        assert!(serde_json::from_str::<dekigoto::Pointer>(body).is_ok(), "{body}");
    }
    assert!(parked[0].1.contains("ev"), "names the attribute: {}", parked[0].1);
    assert!(parked[1].1.contains("history was changed: MODIFY"), "{}", parked[1].1);
}

#[tokio::test]
async fn publisher_stream_remove_is_parked() {
    let world = Functions::default();
    let published = world.publisher(&sample("publisher-stream-remove.json")).await;
    assert_eq!((published.answer, published.topic.len()), (Ok(vec![]), 0));
    let (_, reason) = world.parking.dump().remove(0);
    assert!(reason.contains("history was changed: REMOVE"), "{reason}");
}

#[tokio::test]
async fn a_parked_stream_record_that_is_redriven_is_published_l5() {
    let (broken, whole) = (Functions::default(), Functions::with_history());
    broken.publisher(&sample("publisher-stream-poison.json")).await;
    let mut event = sample("publisher-retry.json");
    let redriven = sample("publisher-stream.json")["Records"][0]["dynamodb"]["Keys"].clone();
    let pk = redriven["pk"]["S"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let parked = broken.parking.dump();
    let body = parked.iter().map(|(body, _)| body).find(|body| body.contains(&pk)).unwrap();
    event["Records"][0]["body"] = json!(body);
    let published = whole.publisher(&event).await;
    assert_eq!((published.answer, published.topic.len(), published.bus.len()), (Ok(vec![]), 1, 1));
}

#[tokio::test]
async fn a_duplicate_pointer_in_a_batch_is_published_once() {
    let mut event = sample("publisher-retry.json");
    let mut copy = event["Records"][0].clone();
    copy["receiptHandle"] = json!("AQEBAnother==");
    copy["attributes"]["ApproximateReceiveCount"] = json!("2");
    event["Records"].as_array_mut().unwrap().push(copy);
    let published = Functions::with_history().publisher(&event).await;
    assert_eq!((published.answer, published.topic.len()), (Ok(vec![]), 1));
    // If it fails, its id is reported once for both copies.
    let answer = Functions::default().publisher_without_store(&event).await;
    assert_eq!(answer, Ok(vec!["059f36b4-87a3-44ab-83d2-661975830001".to_owned()]));
}

#[tokio::test]
async fn a_time_window_is_published_again_through_the_retry_queue_l1() {
    let world = Functions::with_history();
    let all = world.commits();
    let day = |to: &str| json!({ "republish": { "from": "2026-11-23T00:00:00.000Z", "to": to } });
    let said = world.republish(&day("2026-11-24T00:00:00.000Z")).await;
    assert_eq!((&said["pointers"], &said["next"]), (&json!(all.len()), &Value::Null), "{said}");
    let mut pointers = world.retry.drain();
    let mut expected: Vec<_> = all.iter().map(dekigoto::Pointer::to).collect();
    pointers.sort_by_key(dekigoto::Pointer::text);
    expected.sort_by_key(dekigoto::Pointer::text);
    assert_eq!(pointers, expected);
    // The end is exclusive, so that windows can be adjacent.
    let first = all.iter().map(|commit| commit.context().at).min().unwrap();
    assert_eq!(world.republish(&day(&first.to_string())).await["pointers"], 0);
    // A note about discarded stream records contains its window.
    let note = sample("publisher-given-up.json");
    assert_eq!(world.republish(&note).await["pointers"], all.len());
    // Batches are still accepted.
    assert_eq!(
        world.republish(&json!({ "Records": [] })).await,
        json!({ "batchItemFailures": [] })
    );
}

#[tokio::test]
async fn publisher_retry_publishes_from_the_store() {
    let event = sample("publisher-retry.json");
    let published = Functions::with_history().publisher(&event).await;
    assert_eq!((published.answer, published.topic.len(), published.bus.len()), (Ok(vec![]), 1, 1));
    assert!(published.topic[0].body.contains(ORDER));
    let nowhere = Functions::default();
    let published = nowhere.publisher(&event).await;
    assert_eq!(
        (published.answer, published.topic.len(), nowhere.parking.dump().len()),
        (Ok(vec![]), 0, 1)
    );
}

#[tokio::test]
async fn projector_raw_updates_every_view() {
    let world = Functions::with_history();
    for view in VIEWS {
        assert_eq!(
            world.projector(view, &sample("projector-raw.json")).await,
            Ok(vec![]),
            "{view}"
        );
    }
    let order = world.shown().await;
    assert_eq!(
        (&order["status"], &order["version"], &order["paidAmount"]),
        (&json!("confirmed"), &json!(2), &json!(3000))
    );
    let ask = |path: &str, query: &str| {
        let mut event = sample("api-get-order.json");
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["queryStringParameters"] = Value::Null;
        event
    };
    let (_, customer) = world.api(AuthMode::Iam, &ask("/v1/customers/c-42/summary", "")).await;
    assert_eq!(
        (&customer["orderCount"], &customer["totals"]),
        (&json!(1), &json!({ "JPY": 3000 }))
    );
    let (_, sales) =
        world.api(AuthMode::Iam, &ask("/v1/sales/daily", "from=2026-11-23&to=2026-11-23")).await;
    assert_eq!(sales["items"][0]["totalAmount"], 3000);
}

#[tokio::test]
async fn projector_reads_messages_wrapped_by_sns_and_event_bridge() {
    for name in ["projector-sns-wrapped.json", "projector-eventbridge-wrapped.json"] {
        let world = Functions::with_history();
        assert_eq!(world.projector(ORDER_SUMMARY, &sample(name)).await, Ok(vec![]), "{name}");
        assert_eq!(world.shown().await["status"], "pending", "{name}");
    }
}

#[tokio::test]
async fn projector_parks_poison_and_applies_its_neighbour_l4() {
    for view in VIEWS {
        let world = Functions::with_history();
        assert_eq!(
            world.projector(view, &sample("projector-poison.json")).await,
            Ok(vec![]),
            "{view}"
        );
        let (body, reason) = world.parking.dump().remove(0);
        assert_eq!((&*body, reason.contains("not JSON")), ("not json", true), "{view}: {reason}");
        assert!(!world.views.dump().is_empty(), "{view}");
    }
}
