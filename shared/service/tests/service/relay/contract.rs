//! What other services get: CloudEvents on the bus, domain events on the topic, and nothing internal on either.

use std::collections::BTreeSet;

use cloudevents::{AttributesReader as _, event::SpecVersion};
use dekigoto::{CloudEvent, Envelope, Message};
use serde_json::{Value, json};

use super::{Outbox, records};
use crate::support::{Shop, payment};

/// The stored events of a placed and paid order, and what the topic and the bus got.
async fn published() -> (Vec<Envelope>, Outbox) {
    let shop = Shop::new();
    let id = shop.placed("secret-key").await;
    shop.does(&id, "payments", &payment("ch_1")).await;
    let outbox = Outbox::reliable(&shop);
    outbox.take(records(&shop)).await;
    (shop.events(), outbox)
}

fn json_of(message: &Message) -> Value {
    serde_json::from_str(&message.body).unwrap()
}

#[tokio::test]
async fn integration_events_are_cloud_events_made_from_domain_events() {
    let (stored, outbox) = published().await;
    let told = outbox.bus.taken();
    let kinds: Vec<&str> = told.iter().map(|message| &*message.kind).collect();
    assert_eq!(kinds, ["OrderCreatedIntegrationEvent", "PaymentReceivedIntegrationEvent"]);
    for (message, event) in told.iter().zip(stored) {
        let cloud: CloudEvent = serde_json::from_str(&message.body).unwrap();
        assert_eq!((&*cloud.specversion, &*cloud.source), ("1.0", "dekigoto.orders"));
        assert_eq!((cloud.id, cloud.time), (event.event_id.to_string(), event.occurred_at));
        assert_eq!(cloud.subject, format!("{}/{}", event.aggregate_type, event.aggregate_id));
        assert_eq!(cloud.sequence, "0000000000000000001");
        let short = message.kind.strip_suffix("IntegrationEvent").unwrap();
        assert_eq!(cloud.event_type, format!("jp.dekigoto.orders.{short}.v1"));
        assert_eq!(
            cloud.dataschema,
            format!("https://dekigoto.example/v1/schemas/{}.v1.json", message.kind)
        );
        assert_eq!(cloud.correlationid, Some(event.metadata.correlation_id));
        assert_eq!(cloud.data.read::<Value>().unwrap()["orderId"], json!(event.aggregate_id));
    }
}

/// The CloudEvents SDK checks the required attributes and the syntax of all of them.
#[tokio::test]
async fn integration_events_are_cloud_events_to_the_sdk_of_cloud_events() {
    let (_, outbox) = published().await;
    for message in outbox.bus.taken() {
        let event: cloudevents::Event = serde_json::from_str(&message.body).unwrap();
        assert_eq!(event.specversion(), SpecVersion::V10);
        assert_eq!(event.datacontenttype(), Some("application/json"));
        assert_eq!(event.extension("sequence").unwrap().to_string(), "0000000000000000001");
        assert!(event.extension("correlationid").is_some());
        let names = |event: &Value| event.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let read = serde_json::to_value(&event).unwrap();
        assert_eq!(names(&read), names(&json_of(&message)), "the SDK knows every attribute");
    }
}

#[tokio::test]
async fn the_events_of_an_order_and_of_its_payment_have_different_subjects() {
    let (_, outbox) = published().await;
    let place = |message: &Message| {
        let event = json_of(message);
        [&event["source"], &event["subject"], &event["sequence"]].map(ToString::to_string)
    };
    let places: BTreeSet<_> = outbox.bus.taken().iter().map(place).collect();
    assert_eq!(places.len(), 2, "a consumer must not take one for a duplicate of the other");
}

#[tokio::test]
async fn neither_topic_nor_bus_gets_the_actor_or_the_command_key_s17() {
    let (stored, outbox) = published().await;
    assert_eq!(stored[0].metadata.command_key.as_str(), "secret-key");
    for message in outbox.topic.taken().iter().chain(&outbox.bus.taken()) {
        for event in &stored {
            assert!(!message.body.contains(event.metadata.command_key.as_str()));
        }
        for name in ["commandKey", "actor"] {
            assert!(!message.body.contains(&format!("\"{name}\"")), "{}", message.body);
        }
    }
}
