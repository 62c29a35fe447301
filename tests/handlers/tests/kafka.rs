//! A projector behind the event source mapping of a Kafka topic: the same handler, another answer.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::support::{Functions, sample};

/// The messages of a queue's batch as records of one partition, from offset 100 on.
fn records(bodies: &[String]) -> Value {
    let record = |(place, body): (usize, &String)| json!({ "topic": "orders", "partition": 2, "offset": 100 + place, "value": BASE64_STANDARD.encode(body) });
    let records: Vec<_> = bodies.iter().enumerate().map(record).collect();
    json!({ "eventSource": "aws:kafka", "records": { "orders-2": records } })
}

fn bodies() -> Vec<String> {
    let batch = sample("projector-raw.json");
    let messages = batch["Records"].as_array().unwrap();
    messages.iter().map(|it| it["body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn records_of_a_topic_are_applied_and_nothing_comes_again() {
    let world = Functions::with_history();
    let answer = world.projector_answer("order-summary", &records(&bodies())).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_ne!(world.shown().await, Value::Null);
}

#[tokio::test]
async fn poison_is_parked_and_does_not_hold_up_its_partition_l4() {
    let world = Functions::with_history();
    let mut bodies = bodies();
    bodies.insert(0, "poison".to_owned());
    let answer = world.projector_answer("order-summary", &records(&bodies)).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(world.parking.dump().len(), 1);
}

#[tokio::test]
async fn what_fails_is_delivered_again_from_the_first_failure_of_its_partition_on_l1() {
    let world = Functions::with_history();
    let (good, poison) = (bodies()[0].clone(), "poison".to_owned());
    // An event of newer code: the next deployment can handle it.
    let later = good.replace("\"schemaVersion\": 1", "\"schemaVersion\": 99");
    let bodies = [poison, good.clone(), later.clone(), later, good];
    let answer = world.projector_answer("order-summary", &records(&bodies)).await.unwrap();
    let place = json!({ "itemIdentifier": { "partition": "orders-2", "offset": 102 } });
    assert_eq!(answer, json!({ "batchItemFailures": [place] }));
}

#[tokio::test]
async fn an_event_of_another_aggregate_is_skipped() {
    let world = Functions::with_history();
    let other = bodies()[0].replace("\"aggregateType\":\"Order\"", "\"aggregateType\":\"Payment\"");
    let answer = world.projector_answer("order-summary", &records(&[other])).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert_eq!(world.parking.dump(), []);
}
