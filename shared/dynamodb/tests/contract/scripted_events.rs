//! What DynamoDB may reply to the event store, and the error that says what to do next.

use dekigoto::{AppendError, EventStore as _, Head, Ordinal, ReadError, ReadFrom, StoredCommit};
use dekigoto_dynamodb::{Client, DynamoEventStore};
use dekigoto_testkit::{
    aws::{
        Reply::{self, Lost, Says},
        ScriptedHttp,
    },
    commit, stream,
};
use serde_json::{Value, json};

const BUSY: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

const BROKEN: [(u16, &str); 5] = [
    (400, "ResourceNotFoundException"),
    (400, "AccessDeniedException"),
    (400, "ValidationException"),
    (400, "UnrecognizedClientException"),
    (400, "SomeUnknownException"),
];

fn scripted(replies: impl IntoIterator<Item = Reply>) -> (DynamoEventStore, ScriptedHttp) {
    let network = ScriptedHttp::new(replies);
    let client = Client::new(&network.config());
    (DynamoEventStore::new(client, "events"), network)
}

/// Appends a first commit to a DynamoDB that always replies this. Returns the error and the number of requests.
async fn append(reply: Reply) -> (AppendError, usize) {
    let (store, network) = scripted(vec![reply; 3]);
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let error = store.append(&first).await.unwrap_err();
    (error, network.requests().len())
}

fn error(code: &str) -> Reply {
    Reply::error(400, code, "because")
}

#[tokio::test]
async fn load_and_running_transactions_are_throttling() {
    for code in BUSY {
        let (refused, _) = append(error(code)).await;
        assert!(matches!(refused, AppendError::Throttled(_)), "{code}: {refused:?}");
        let source = std::error::Error::source(&refused).unwrap();
        assert!(source.to_string().contains(code), "the log names the code: {source}");
    }
}

#[tokio::test]
async fn throttled_and_lost_requests_are_sent_three_times() {
    assert_eq!(append(error("ThrottlingException")).await.1, 3);
    assert_eq!(append(error("AccessDeniedException")).await.1, 1);
    assert_eq!(append(Lost).await.1, 3);
}

#[tokio::test]
async fn an_item_over_the_limit_is_too_large() {
    let message = "Item size has exceeded the maximum allowed size";
    let (refused, sent) = append(Reply::error(400, "ValidationException", message)).await;
    assert!(matches!(refused, AppendError::TooLarge(_)), "{refused:?}");
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn lost_replies_and_server_errors_are_unknown_s4() {
    let no_json = Says(200, "<html>".to_owned());
    let unavailable = Says(503, String::new());
    let internal = Reply::error(500, "InternalServerError", "oops");
    for reply in [Lost, no_json, unavailable, internal] {
        let (unknown, _) = append(reply.clone()).await;
        assert!(matches!(unknown, AppendError::Unknown(_)), "{reply:?}: {unknown:?}");
    }
}

#[tokio::test]
async fn everything_else_is_broken() {
    for (status, code) in BROKEN {
        let (broken, sent) = append(Reply::error(status, code, "because")).await;
        assert!(matches!(broken, AppendError::Broken(_)), "{code}: {broken:?}");
        assert_eq!(sent, 1, "{code}");
    }
}

/// The reply to an append where this item exists already.
fn taken_by(item: &Value) -> Reply {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": item,
    });
    Says(400, body.to_string())
}

/// A stored commit in DynamoDB's own JSON.
fn item(stored: &StoredCommit) -> Value {
    let Value::Object(attributes) = serde_json::to_value(stored).unwrap() else {
        panic!("a commit is an object");
    };
    let typed = attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Number(number) => json!({ "N": number.to_string() }),
            other => json!({ "S": other }),
        };
        (name, value)
    });
    Value::Object(typed.collect())
}

#[tokio::test]
async fn a_lost_race_returns_the_winner_s1() {
    let winner = commit(&Head::empty(stream("a")), "other", &[7]);
    let (lost, sent) = append(taken_by(&item(&StoredCommit::from(&winner)))).await;
    match lost {
        AppendError::Conflict { found } => assert_eq!(*found, winner),
        other => panic!("{other:?}"),
    }
    assert_eq!(sent, 1, "the SDK does not retry a lost race");
}

#[tokio::test]
async fn an_append_that_finds_an_unreadable_item_is_broken() {
    let winner = commit(&Head::empty(stream("a")), "other", &[7]);
    let mut no_events = item(&StoredCommit::from(&winner));
    no_events.as_object_mut().unwrap().remove("ev");
    for item in [no_events, json!({}), Value::Null] {
        let (broken, _) = append(taken_by(&item)).await;
        assert!(matches!(broken, AppendError::Broken(_)), "{item}: {broken:?}");
    }
}

#[tokio::test]
async fn the_append_is_one_conditional_put_that_returns_the_winner() {
    let (store, network) = scripted([Says(200, "{}".to_owned())]);
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    store.append(&first).await.unwrap();
    let [request] = <[String; 1]>::try_from(network.requests()).unwrap();
    let request: Value = serde_json::from_str(&request).unwrap();
    assert_eq!(request["ConditionExpression"], "attribute_not_exists(pk)");
    assert_eq!(request["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    assert_eq!(request["Item"], item(&StoredCommit::from(&first)));
}

async fn read(replies: Vec<Reply>) -> (Result<usize, ReadError>, ScriptedHttp) {
    let (store, network) = scripted(replies);
    let from = ReadFrom::Down(Ordinal::new(9).unwrap());
    let read = store.read(&stream("a"), from, 7).await;
    (read.map(|commits| commits.len()), network)
}

#[tokio::test]
async fn read_errors_say_what_to_do_next() {
    for code in BUSY {
        let (busy, _) = read(vec![error(code); 3]).await;
        assert!(matches!(busy, Err(ReadError::Unavailable(_))), "{code}: {busy:?}");
    }
    let internal = Reply::error(500, "InternalServerError", "oops");
    for reply in [Lost, internal] {
        let (silent, _) = read(vec![reply; 3]).await;
        assert!(matches!(silent, Err(ReadError::Unavailable(_))), "{silent:?}");
    }
    for (status, code) in BROKEN {
        let (broken, _) = read(vec![Reply::error(status, code, "because")]).await;
        assert!(matches!(broken, Err(ReadError::Broken(_))), "{code}: {broken:?}");
    }
}

#[tokio::test]
async fn reads_are_strongly_consistent_newest_first_and_bounded_s3() {
    let (read, network) = read(vec![Says(200, json!({ "Items": [] }).to_string())]).await;
    assert_eq!(read.unwrap(), 0);
    let request: Value = serde_json::from_str(&network.requests()[0]).unwrap();
    assert_eq!(request["ConsistentRead"], true);
    assert_eq!(request["ScanIndexForward"], false);
    assert_eq!(request["Limit"], 7);
    assert_eq!(request["ExpressionAttributeValues"][":sk"]["N"], "9");
}

#[tokio::test]
async fn an_empty_page_before_the_end_is_not_the_end() {
    let key = json!({ "pk": { "S": "Tally#a" }, "sk": { "N": "5" } });
    let stored = StoredCommit::from(&commit(&Head::empty(stream("a")), "key", &[1]));
    let (read, network) = read(vec![
        Says(200, json!({ "Items": [], "LastEvaluatedKey": key }).to_string()),
        Says(200, json!({ "Items": [], "LastEvaluatedKey": key }).to_string()),
        Says(200, json!({ "Items": [item(&stored)] }).to_string()),
    ])
    .await;
    assert_eq!(read.unwrap(), 1);
    let second: Value = serde_json::from_str(&network.requests()[1]).unwrap();
    assert_eq!(second["ExclusiveStartKey"], key);
}

/// Also when the key itself is wrong.
#[tokio::test]
async fn an_unreadable_item_is_named_and_not_quoted_s17() {
    let stored = StoredCommit::from(&commit(&Head::empty(stream("a")), "key", &[1]));
    for (name, value, stream, ordinal) in [
        ("ev", json!({ "S": "secret" }), "Tally#a", Some(1)),
        ("at", json!({ "S": "secret" }), "Tally#a", Some(1)),
        ("act", json!({ "M": { "secret": { "S": "secret" } } }), "Tally#a", Some(1)),
        ("fp", json!({ "BOOL": true }), "Tally#a", Some(1)),
        ("sk", json!({ "N": "1.5" }), "Tally#a", None),
        ("sk", json!({ "S": "secret" }), "Tally#a", None),
        ("pk", json!({ "N": "1" }), "?", Some(1)),
    ] {
        let mut item = item(&stored);
        item[name] = value;
        let (read, _) = read(vec![Says(200, json!({ "Items": [item] }).to_string())]).await;
        match read {
            Err(ReadError::Corrupt(corrupt)) => {
                assert_eq!((&*corrupt.stream, corrupt.ordinal), (stream, ordinal));
                let text = corrupt.to_string();
                assert!(!text.contains("secret"), "{text}");
                assert!(name == "ev" || text.contains(name), "names the attribute: {text}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_error_contains_no_request_and_no_reply_s17() {
    let first = commit(&Head::empty(stream("a")), "key", &[424_242]);
    for reply in [Lost, Says(500, "424242".to_owned()), Says(200, "<424242".to_owned())] {
        let (store, _) = scripted(vec![reply; 3]);
        let error = store.append(&first).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        let texts = [error.to_string(), source.to_string(), format!("{error:?}")];
        assert!(!texts.concat().contains("424242"), "{texts:?}");
    }
}
