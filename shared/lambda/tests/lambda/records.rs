//! Stream records are read as commits, or give a reason that helps the operator.

use dekigoto::{StoredCommit, relay::StreamRecord};
use dekigoto_lambda::stream;
use serde_json::{Value, json};

fn record() -> Value {
    json!({
        "eventID": "x", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "eventVersion": "1.1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1795424401.0, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
            "Keys": { "pk": { "S": "Order#o-1" }, "sk": { "N": "2" } },
            "NewImage": {
                "pk": { "S": "Order#o-1" }, "sk": { "N": "2" }, "v": { "N": "3" }, "at": { "N": "1795424400123" },
                "ev": { "S": r#"[{"i":"018f6b1c-0000-5000-8000-000000000001","t":"Added","s":1,"p":{"n":1}}]"# },
                "key": { "S": "k" }, "fp": { "S": "q1w2e3r4t5y6u7i8" }, "act": { "S": "shop" }, "cor": { "S": "r" },
            },
        },
    })
}

/// The record with another value at this pointer; null removes the field.
fn with(pointer: &str, value: &Value) -> String {
    let mut record = record();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = record.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(field);
    } else {
        parent.insert(field.to_owned(), value.clone());
    }
    record.to_string()
}

#[test]
fn an_insert_is_read_as_the_stored_commit_s7() {
    let commit = stream::commit(&record().to_string()).unwrap();
    assert_eq!((commit.ordinal().get(), commit.first_version().get()), (2, 3));
    let stored = StoredCommit::from(&commit);
    assert_eq!(
        (&*stored.pk, &*stored.key, &*stored.act, stored.at),
        ("Order#o-1", "k", "shop", 1_795_424_400_123)
    );
    assert!(
        record().to_string().contains(&serde_json::to_string(&stored.ev).unwrap()),
        "not the same bytes"
    );
}

#[test]
fn unknown_attributes_are_ignored() {
    for value in
        [json!({ "B": "AAE=" }), json!({ "B": "AAE" }), json!({ "B": 1 }), json!("x"), json!([[]])]
    {
        assert!(stream::commit(&with("/dynamodb/NewImage/zz", &value)).is_ok(), "{value}");
    }
}

#[test]
fn other_fields_of_a_record_are_ignored() {
    for field in ["eventID", "awsRegion", "eventVersion", "eventSourceARN", "userIdentity"] {
        for value in [Value::Null, json!(1), json!([]), json!({ "a": 1 })] {
            assert!(stream::commit(&with(&format!("/{field}"), &value)).is_ok(), "{field} {value}");
        }
    }
    let fields = ["ApproximateCreationDateTime", "SizeBytes", "StreamViewType", "Keys", "OldImage"];
    for field in fields {
        for value in
            [Value::Null, json!("2026-11-23T09:00:01Z"), json!(-1), json!(1e300), json!([])]
        {
            let record = with(&format!("/dynamodb/{field}"), &value);
            assert!(stream::commit(&record).is_ok(), "{field} {value}");
        }
    }
}

/// The pointer of an unreadable record, as `stream ordinal`.
fn parked_as(record: String) -> Option<String> {
    match stream::read(record) {
        StreamRecord::Unreadable { pointer, .. } => {
            pointer.map(|it| format!("{} {} {}", it.stream, it.ordinal, it.targets.len()))
        }
        StreamRecord::Commit(_) => panic!("it can be read"),
    }
}

#[test]
fn the_pointer_of_an_unreadable_record_comes_from_its_key_l5() {
    let here = Some("Order#o-1 2 2".to_owned());
    for damaged in [
        with("/dynamodb/NewImage/ev", &json!({ "B": "AAE" })),
        with("/dynamodb/NewImage", &Value::Null),
        with("/dynamodb/NewImage", &json!(7)),
        with("/eventName", &json!("REMOVE")),
        with("/eventName", &json!(7)),
    ] {
        assert_eq!(parked_as(damaged.clone()), here, "{damaged}");
    }
    // If the key or the image of the record is damaged, the other one is used.
    let mut record: Value = serde_json::from_str(&with("/eventName", &json!(7))).unwrap();
    record["dynamodb"]["Keys"] = json!("damaged");
    assert_eq!(parked_as(record.to_string()), here);
    for image in [json!({}), json!({ "pk": { "S": "no separator" }, "sk": { "N": "2" } })] {
        record["dynamodb"]["NewImage"] = image;
        assert_eq!(parked_as(record.to_string()), None);
    }
    for text in ["", "null", "{}", "secret"] {
        assert_eq!(parked_as(text.to_owned()), None);
    }
    for sk in ["0", "-1", "1.5", "x"] {
        let mut record: Value = serde_json::from_str(&with("/eventName", &json!(7))).unwrap();
        for place in ["Keys", "NewImage"] {
            record["dynamodb"][place]["sk"] = json!({ "N": sk });
        }
        assert_eq!(parked_as(record.to_string()), None, "{sk}");
    }
}

#[test]
fn every_attribute_of_a_commit_is_read_s7() {
    let mut commit = StoredCommit::from(&stream::commit(&record().to_string()).unwrap());
    (commit.cau, commit.tp, commit.sn) =
        (Some("c".to_owned()), Some("t".to_owned()), Some("s".to_owned()));
    let written = serde_json::to_value(&commit).unwrap();
    let mut names: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
    let mut read = StoredCommit::ATTRIBUTES;
    names.sort_unstable();
    read.sort_unstable();
    assert_eq!(names, read);
}

#[test]
fn a_change_of_history_is_an_error() {
    for change in ["MODIFY", "REMOVE", "insert", ""] {
        let reason = stream::commit(&with("/eventName", &json!(change))).unwrap_err();
        assert!(reason.contains("history was changed"), "{change}: {reason}");
    }
}

#[test]
fn the_error_for_a_missing_image_names_the_stream_view() {
    for image in [Value::Null, json!({})] {
        let reason = stream::commit(&with("/dynamodb/NewImage", &image)).unwrap_err();
        assert!(reason.contains("NEW_IMAGE"), "{reason}");
    }
}

#[test]
fn a_missing_or_wrong_attribute_is_an_error() {
    for name in ["pk", "sk", "v", "at", "ev", "key", "fp", "act", "cor"] {
        for value in [
            Value::Null,
            json!({ "BOOL": true }),
            json!({ "NULL": true }),
            json!({ "L": [] }),
            json!("plain"),
        ] {
            let record = with(&format!("/dynamodb/NewImage/{name}"), &value);
            let reason = stream::commit(&record).expect_err(name);
            assert!((5..300).contains(&reason.len()), "{name} {value}: {reason}");
        }
    }
    for (name, value) in
        [("sk", "0"), ("v", "0"), ("v", "1"), ("sk", "-1"), ("sk", "1.5"), ("at", "9e99")]
    {
        assert!(
            stream::commit(&with(&format!("/dynamodb/NewImage/{name}"), &json!({ "N": value })))
                .is_err(),
            "{name} {value}"
        );
    }
    for (name, value) in [("pk", "Order"), ("pk", "#"), ("ev", "[]"), ("ev", "secret"), ("key", "")]
    {
        let reason =
            stream::commit(&with(&format!("/dynamodb/NewImage/{name}"), &json!({ "S": value })))
                .expect_err(value);
        assert!(!reason.contains("secret"), "{reason}");
    }
}

#[test]
fn text_that_is_not_a_stream_record_is_unreadable() {
    for text in ["", "null", "[]", "{}", "secret", "{\"eventName\":\"INSERT\"}"] {
        let reason = stream::commit(text).unwrap_err();
        assert!(!reason.contains("secret"), "{reason}");
    }
}
