//! What the consumer does with the messages of the contract, and with bad ones: whole events of Lambda, on memory
//! adapters.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use dekigoto::{
    Host as _, Ports, RowKey,
    memory::{MemoryParking, MemoryStore, MemoryViews},
    views::{Across, Projector},
};
use dekigoto_lambda::project;
use dekigoto_testkit::still_host;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json, value::to_raw_value};
use shipments::Shipments;

const ONCE: &str = include_str!("../../messages/topic.jsonl");
const TWICE: &str = include_str!("../../messages/topic-twice-shuffled.jsonl");

/// A message of the queue: its body, and the attributes that it was filtered by.
#[derive(Clone)]
struct Message {
    body: String,
    attributes: Value,
}

fn messages(lines: &str) -> Vec<Message> {
    let samples = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let message = |sample: Value| Message {
        body: sample["body"].as_str().unwrap().to_owned(),
        attributes: sample["attributes"].clone(),
    };
    samples.map(message).collect()
}

fn event(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

fn sample(event_type: &str) -> Message {
    let is_wanted = |it: &Message| event(&it.body)["eventType"] == event_type;
    messages(ONCE).into_iter().find(is_wanted).unwrap()
}

/// A confirmation whose event was changed.
fn confirmed(change: impl FnOnce(&mut Value)) -> Message {
    let message = sample("OrderConfirmed");
    let mut event = event(&message.body);
    change(&mut event);
    Message { body: event.to_string(), ..message }
}

fn order_of(message: &Message) -> String {
    event(&message.body)["aggregateId"].as_str().unwrap().to_owned()
}

/// The function, on memory adapters.
struct Consumer {
    views: MemoryViews,
    parking: MemoryParking,
}

impl Consumer {
    fn new() -> Self {
        Self { views: MemoryViews::new(), parking: MemoryParking::default() }
    }

    /// Takes one batch of its queue, and returns the places of the messages that stay in the queue.
    async fn takes(&self, messages: &[Message]) -> Vec<usize> {
        let host = still_host();
        let mut context = Context::default();
        let end = u128::try_from(host.now().as_millis()).unwrap() + 30_000;
        context.deadline = u64::try_from(end).unwrap();
        let ports = Ports {
            store: Arc::new(MemoryStore::new()),
            views: Arc::new(self.views.clone()),
            host: Arc::new(host),
        };
        let view = Arc::new(Across::<Shipments>::of_another_service());
        let projector = Projector::of(view, ports, Arc::new(self.parking.clone()));
        let batch = LambdaEvent::new(to_raw_value(&batch(messages)).unwrap(), context);
        let answer = serde_json::to_value(project(projector, batch).await.unwrap()).unwrap();
        let failures = answer["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|it| it["itemIdentifier"].as_str().unwrap().parse().unwrap()).collect()
    }

    async fn shipments(&self, order: &str) -> u32 {
        let key = RowKey::only("shipments", order);
        let row = Across::<Shipments>::read(&self.views, &key).await.unwrap();
        row.map_or(0, |shipment| shipment.count)
    }

    /// The reasons of the parked messages.
    fn parked(&self) -> Vec<String> {
        self.parking.dump().into_iter().map(|(_, reason)| reason).collect()
    }
}

fn batch(messages: &[Message]) -> Value {
    let record = |(place, message): (usize, &Message)| {
        json!({
            "messageId": place.to_string(),
            "receiptHandle": "r",
            "body": message.body,
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": message.attributes,
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:shipments",
            "awsRegion": "eu-central-1",
        })
    };
    json!({ "Records": messages.iter().enumerate().map(record).collect::<Vec<_>>() })
}

#[tokio::test]
async fn every_sample_message_twice_and_shuffled_gives_one_shipment_for_each_confirmed_order() {
    let (consumer, all) = (Consumer::new(), messages(TWICE));
    assert_eq!(consumer.takes(&all).await, [0; 0]);
    let confirmed: BTreeSet<_> = all
        .iter()
        .filter(|it| event(&it.body)["eventType"] == "OrderConfirmed")
        .map(order_of)
        .collect();
    assert!(!confirmed.is_empty());
    for order in all.iter().map(order_of) {
        let wanted = u32::from(confirmed.contains(&order));
        assert_eq!(consumer.shipments(&order).await, wanted, "{order}");
    }
    assert_eq!(consumer.parked(), [""; 0]);
}

#[tokio::test]
async fn each_confirmed_order_has_its_own_shipment() {
    let consumer = Consumer::new();
    let another = confirmed(|event| event["aggregateId"] = json!("another"));
    assert_eq!(consumer.takes(&[sample("OrderConfirmed"), another]).await, [0; 0]);
    assert_eq!(consumer.shipments("another").await, 1);
    assert_eq!(consumer.shipments(&order_of(&sample("OrderConfirmed"))).await, 1);
}

#[tokio::test]
async fn a_duplicate_that_comes_late_makes_no_second_shipment() {
    let (consumer, message) = (Consumer::new(), sample("OrderConfirmed"));
    consumer.takes(std::slice::from_ref(&message)).await;
    let late = confirmed(|event| event["occurredAt"] = json!("2020-01-01T00:00:00.000Z"));
    assert_eq!(consumer.takes(&[message.clone(), late]).await, [0; 0]);
    assert_eq!(consumer.shipments(&order_of(&message)).await, 1);
}

#[tokio::test]
async fn an_event_of_a_newer_version_stays_in_the_queue() {
    let (consumer, newer) = (Consumer::new(), confirmed(|event| event["schemaVersion"] = json!(9)));
    assert_eq!(consumer.takes(std::slice::from_ref(&newer)).await, [0]);
    assert_eq!((consumer.shipments(&order_of(&newer)).await, consumer.parked().len()), (0, 0));
}

#[tokio::test]
async fn a_message_without_a_field_is_parked_with_its_reason_and_its_neighbour_is_handled() {
    let broken: [fn(&mut Value); 5] = [
        |event| event["payload"] = json!({}),
        |event| event["payload"] = json!({ "customerId": 7 }),
        |event| drop(event.as_object_mut().unwrap().remove("version")),
        |event| drop(event.as_object_mut().unwrap().remove("eventId")),
        |event| event["schemaVersion"] = json!("1"),
    ];
    for change in broken {
        let (consumer, poison) = (Consumer::new(), confirmed(change));
        let another = confirmed(|event| event["aggregateId"] = json!("another"));
        assert_eq!(consumer.takes(&[poison.clone(), another]).await, [0; 0], "{}", poison.body);
        assert_eq!(consumer.shipments("another").await, 1);
        assert_eq!(consumer.shipments(&order_of(&sample("OrderConfirmed"))).await, 0);
        assert!(consumer.parked().iter().all(|reason| !reason.is_empty()));
        assert_eq!(consumer.parked().len(), 1, "{}", poison.body);
    }
}

#[tokio::test]
async fn a_body_that_is_no_event_is_parked() {
    for body in ["not json", "[]", "{}"] {
        let consumer = Consumer::new();
        let poison = Message { body: body.to_owned(), attributes: json!({}) };
        assert_eq!(consumer.takes(&[poison]).await, [0; 0], "{body}");
        assert_eq!(consumer.parked().len(), 1, "{body}");
    }
}

#[tokio::test]
async fn an_event_of_another_service_is_skipped() {
    let consumer = Consumer::new();
    let foreign = confirmed(|event| event["aggregateType"] = json!("Parcel"));
    assert_eq!(consumer.takes(std::slice::from_ref(&foreign)).await, [0; 0]);
    assert_eq!((consumer.shipments(&order_of(&foreign)).await, consumer.parked().len()), (0, 0));
}

#[tokio::test]
async fn a_forged_attribute_changes_nothing() {
    let (consumer, confirmed, delivered) =
        (Consumer::new(), sample("OrderConfirmed"), sample("OrderDelivered"));
    let forged = |body: &Message, attributes: &Message| Message {
        body: body.body.clone(),
        attributes: attributes.attributes.clone(),
    };
    assert_eq!(consumer.takes(&[forged(&delivered, &confirmed)]).await, [0; 0]);
    assert_eq!(consumer.shipments(&order_of(&delivered)).await, 0);
    assert_eq!(consumer.takes(&[forged(&confirmed, &delivered)]).await, [0; 0]);
    assert_eq!(consumer.shipments(&order_of(&confirmed)).await, 1);
    assert_eq!(consumer.parked().len(), 0);
}
