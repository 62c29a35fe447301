//! S15: a record without a unique id fails its whole batch, because it cannot be reported.

use dekigoto::{
    batch::{Report, Tally},
    measure::Part,
};
use dekigoto_lambda::batch::{Batch, answer};
use serde_json::{Value, json, value::to_raw_value};

fn read(payload: &Value) -> Result<Batch, String> {
    Batch::read(&to_raw_value(payload).unwrap()).map_err(|cause| cause.to_string())
}

fn message(id: &str, body: &str) -> Value {
    json!({ "messageId": id, "body": body, "eventSource": "aws:sqs", "messageAttributes": {}, "attributes": {} })
}

fn change(sequence: &str) -> Value {
    json!({ "eventID": "x", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": { "SequenceNumber": sequence } })
}

#[test]
fn messages_come_with_their_ids_and_bodies() {
    let expected = [("a", "one"), ("b", "")].map(|(id, body)| (id.to_owned(), body.to_owned()));
    assert_eq!(messages(&[message("a", "one"), message("b", "")]), expected);
}

#[test]
fn a_missing_body_is_read_as_an_empty_one() {
    let mut bare = message("a", "");
    bare.as_object_mut().unwrap().remove("body");
    assert_eq!(messages(&[bare]), [("a".to_owned(), String::new())]);
}

/// The ids and bodies of a batch's messages.
#[track_caller]
fn messages(records: &[Value]) -> Vec<(String, String)> {
    let Ok(Batch::Queue(batch)) = read(&json!({ "Records": records })) else { panic!() };
    let messages = batch.messages().iter();
    messages.map(|message| (message.id.clone(), message.record.clone())).collect()
}

#[test]
fn an_unreadable_attribute_fails_neither_its_message_nor_the_batch() {
    let odd = json!({
        "binary without padding": { "binaryValue": "AgMEBQ", "dataType": "Binary" },
        "binary with a line break": { "binaryValue": "AgME\nAgME", "dataType": "Binary" },
        "null lists": { "stringValue": "a", "stringListValues": null, "binaryListValues": null },
        "no type": {}, "a number": 1, "nothing": null,
    });
    let mut message = message("a", "one");
    for attributes in [odd, Value::Null, json!([]), json!("x")] {
        message["messageAttributes"] = attributes;
        assert_eq!(messages(&[message.clone()]), [("a".to_owned(), "one".to_owned())]);
    }
    for attributes in [json!({ "ApproximateReceiveCount": 1 }), Value::Null, json!(7)] {
        message["attributes"] = attributes;
        message["receiptHandle"] = json!(7);
        assert_eq!(messages(&[message.clone()]).len(), 1);
    }
}

#[test]
fn a_message_that_was_tried_too_often_is_not_handled_again() {
    let counts = [json!("1"), json!("97"), json!("98"), json!("101"), json!("x"), json!(100)];
    let records = counts.iter().enumerate().map(|(place, count)| {
        let mut message = message(&place.to_string(), "body");
        message["attributes"] = json!({ "ApproximateReceiveCount": count });
        message
    });
    let records: Vec<Value> = records.collect();
    let handled: Vec<String> = messages(&records).into_iter().map(|(id, _)| id).collect();
    // An unreadable number is no reason to give a message up.
    assert_eq!(handled, ["0", "1", "4", "5"]);
}

/// A pipe delivers a JSON body as a value.
#[test]
fn a_body_that_is_a_json_value_is_read_as_text() {
    for (body, text) in [
        (json!({ "eventId": "x" }), r#"{"eventId":"x"}"#),
        (json!([1]), "[1]"),
        (json!(7), "7"),
        (json!("text"), "text"),
        (Value::Null, ""),
    ] {
        let mut message = message("a", "");
        message["body"] = body;
        assert_eq!(messages(&[message]), [("a".to_owned(), text.to_owned())]);
    }
}

#[test]
fn a_duplicate_message_in_a_batch_is_handled_once() {
    let twice = [message("a", "x"), message("b", "y"), message("a", "x"), message("a", "x")];
    assert_eq!(messages(&twice).iter().map(|(id, _)| &**id).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_stream_record_needs_only_a_sequence_number() {
    let mut odd = change("2");
    odd["dynamodb"]["NewImage"] = json!({ "pk": "not an attribute value" });
    odd["eventName"] = json!(7);
    let Ok(Batch::Stream(records)) = read(&json!({ "Records": [change("1"), odd] })) else {
        panic!()
    };
    assert_eq!(records.iter().map(|record| &*record.id).collect::<Vec<_>>(), ["1", "2"]);
    assert!(records[1].record.contains("not an attribute value"), "kept as it came");
}

#[test]
fn an_empty_batch_is_an_empty_queue() {
    assert_eq!(messages(&[]), []);
}

#[test]
fn a_record_without_a_unique_id_fails_the_batch_s15() {
    let without = |mut record: Value, field: &str| {
        record.as_object_mut().unwrap().remove(field);
        record
    };
    let mut null_id = message("a", "x");
    null_id["messageId"] = Value::Null;
    let mut number = change("1");
    number["dynamodb"]["SequenceNumber"] = json!(1);
    let batches = [
        vec![without(message("a", "x"), "messageId")],
        vec![null_id],
        vec![message("", "x")],
        vec![message("a", "x"), message("b", "x"), message("a", "y")],
        vec![without(change("1"), "dynamodb")],
        vec![number],
        vec![change("1"), change("1")],
        vec![change("")],
        vec![message("a", "x"), change("1")],
        vec![without(message("a", "x"), "eventSource")],
        vec![json!({ "messageId": "a", "body": "x", "eventSource": "aws:kinesis" })],
        vec![json!({ "EventSource": "aws:sns", "Sns": { "Message": "x" } })],
        vec![json!("record")],
        vec![Value::Null],
    ];
    for records in batches {
        assert!(read(&json!({ "Records": records })).is_err(), "{records:?}");
    }
    for payload in
        [json!({}), json!([]), json!(null), json!({ "Records": {} }), json!({ "records": [] })]
    {
        assert!(read(&payload).is_err(), "{payload}");
    }
}

#[test]
fn the_error_does_not_quote_the_batch_s17() {
    let mut odd = message("a", "secret");
    odd["messageId"] = json!({ "secret": 1 });
    let reason = read(&json!({ "Records": [odd] })).unwrap_err();
    assert!(!reason.contains("secret"), "{reason}");
}

#[test]
fn the_answer_names_exactly_the_failed_records() {
    let report = Report {
        failed: vec!["b".to_owned(), "d".to_owned()],
        reasons: vec![("b".to_owned(), "later".to_owned())],
        tally: Tally { applied: 2, retried: 2, ..Tally::default() },
    };
    let empty = to_raw_value(&json!({ "Records": [] })).unwrap();
    let said = serde_json::to_value(answer(Part::Service, &empty, report)).unwrap();
    assert_eq!(
        said,
        json!({ "batchItemFailures": [{ "itemIdentifier": "b" }, { "itemIdentifier": "d" }] })
    );
    // An answer without failures needs an empty list: Lambda treats an answer that it cannot read as a failure.
    let nothing = serde_json::to_value(answer(Part::Service, &empty, Report::default())).unwrap();
    assert_eq!(nothing, json!({ "batchItemFailures": [] }));
}
