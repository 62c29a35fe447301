//! Batches of records of a Kafka topic.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dekigoto_lambda::batch::Batch;
use serde_json::{Value, json, value::to_raw_value};

/// A record as Lambda delivers it.
fn record(topic: &str, partition: i32, offset: i64, value: &str) -> Value {
    json!({
        "topic": topic, "partition": partition, "offset": offset, "timestamp": 1_795_424_400_123_u64,
        "timestampType": "CREATE_TIME", "key": BASE64_STANDARD.encode("o-1"),
        "value": BASE64_STANDARD.encode(value),
        // Signed bytes.
        "headers": [{ "eventType": [79, 114, 100, 101, 114, -27] }]
    })
}

fn event(records: &Value) -> Value {
    json!({
        "eventSource": "aws:kafka", "bootstrapServers": "b-1:9098",
        "eventSourceArn": "arn:aws:kafka:eu-west-1:000000000000:cluster/c/u", "records": records
    })
}

fn read(payload: &Value) -> Result<Vec<(String, String)>, String> {
    match Batch::read(&to_raw_value(payload).unwrap()).map_err(|cause| cause.to_string())? {
        Batch::Kafka(records) => Ok(records.into_iter().map(|it| (it.id, it.record)).collect()),
        other => panic!("{other:?}"),
    }
}

fn owned(id: &str, text: &str) -> (String, String) {
    (id.to_owned(), text.to_owned())
}

#[test]
fn records_come_with_their_places_and_decoded_values() {
    let records = json!({
        "orders-0": [record("orders", 0, 7, "出来事"), record("orders", 0, 8, "b")],
        "orders-1": [record("orders", 1, 7, "c")],
    });
    let expected =
        [owned("orders-0@7", "出来事"), owned("orders-0@8", "b"), owned("orders-1@7", "c")];
    assert_eq!(read(&event(&records)).unwrap(), expected);
}

#[test]
fn a_cluster_of_ones_own_is_read_alike() {
    let mut event = event(&json!({ "orders-0": [record("orders", 0, 7, "a")] }));
    event["eventSource"] = json!("SelfManagedKafka");
    assert_eq!(read(&event).unwrap(), [owned("orders-0@7", "a")]);
}

#[test]
fn a_record_without_a_readable_value_fails_neither_its_batch_nor_others() {
    let (mut tombstone, mut odd, mut missing) =
        (record("o", 0, 1, ""), record("o", 0, 2, ""), record("o", 0, 3, ""));
    tombstone["value"] = Value::Null;
    odd["value"] = json!("not base64!");
    missing.as_object_mut().unwrap().remove("value");
    let records = json!({ "o-0": [tombstone, odd, missing, record("o", 0, 4, "good")] });
    let expected = [
        owned("o-0@1", ""),
        owned("o-0@2", "not base64!"),
        owned("o-0@3", ""),
        owned("o-0@4", "good"),
    ];
    assert_eq!(read(&event(&records)).unwrap(), expected);
}

#[test]
fn a_record_without_a_place_fails_the_batch_s15() {
    for name in ["topic", "partition", "offset"] {
        let mut odd = record("secret", 0, 1, "secret");
        odd.as_object_mut().unwrap().remove(name);
        let reason = read(&event(&json!({ "o-0": [record("o", 0, 0, "a"), odd] }))).unwrap_err();
        assert!(!reason.contains("secret"), "{reason}");
    }
    let twice = json!({ "o-0": [record("o", 0, 1, "a"), record("o", 0, 1, "b")] });
    assert!(read(&event(&twice)).is_err());
}

#[test]
fn an_unknown_source_is_refused() {
    let mut event = event(&json!({ "orders-0": [] }));
    event["eventSource"] = json!("aws:mq");
    assert!(Batch::read(&to_raw_value(&event).unwrap()).is_err());
}
