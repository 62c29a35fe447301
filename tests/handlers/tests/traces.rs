//! One request's `traceparent` at each hop: stored event, stream, topic, bus, queue, and what a policy does then.

use dekigoto::Attribute;
use serde_json::Value;

use crate::journey::{Journey, TRACEPARENT, stream_batch};

#[tokio::test]
async fn a_stored_event_and_its_stream_record_carry_the_trace_of_the_request() {
    let journey = Journey::of_one_order().await;
    let commits = journey.world.stored_commits().await;
    let orders: Vec<_> = commits.iter().filter(|it| it.pk.starts_with("Order#")).collect();
    assert_eq!(orders.len(), 4, "{commits:?}");
    for commit in orders {
        assert_eq!(commit.tp.as_deref(), Some(TRACEPARENT), "{}", commit.pk);
        let image =
            &stream_batch(std::slice::from_ref(commit))["Records"][0]["dynamodb"]["NewImage"];
        assert_eq!(image["tp"]["S"], TRACEPARENT);
    }
}

#[tokio::test]
async fn each_message_carries_the_trace_as_an_attribute_and_in_its_body() {
    let journey = Journey::of_one_order().await;
    let (topic, bus) = journey.sent;
    assert!(topic.len() >= 9 && bus.len() >= 5, "{} and {} messages", topic.len(), bus.len());
    let expected = ("traceparent", Attribute::Text(TRACEPARENT.to_owned()));
    for message in &topic {
        assert!(message.attributes.contains(&expected), "{}", message.kind);
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body["metadata"]["traceparent"], TRACEPARENT, "{}", message.kind);
    }
    for message in &bus {
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body["traceparent"], TRACEPARENT, "{}", message.kind);
    }
}

#[tokio::test]
async fn what_a_policy_does_after_an_event_belongs_to_the_trace_of_the_request() {
    let commits = Journey::of_one_order().await.world.stored_commits().await;
    let by_policy: Vec<_> = commits.iter().filter(|it| it.pk.starts_with("Fulfilment#")).collect();
    assert!(by_policy.len() >= 3, "{commits:?}");
    assert!(by_policy.iter().all(|it| it.tp.as_deref() == Some(TRACEPARENT)), "{by_policy:?}");
}
