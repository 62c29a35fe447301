//! What DynamoDB may reply to the view store, and the error that says what to do next.

use std::collections::BTreeMap;

use dekigoto::{Index, Payload, Row, RowKey, RowQuery, ViewError, ViewStore as _};
use dekigoto_dynamodb::{Client, DynamoViewStore};
use dekigoto_testkit::aws::{
    Reply::{self, Lost, Says},
    ScriptedHttp,
};
use serde_json::{Value, json};

fn scripted(replies: impl IntoIterator<Item = Reply>) -> (DynamoViewStore, ScriptedHttp) {
    let network = ScriptedHttp::new(replies);
    let client = Client::new(&network.config());
    (DynamoViewStore::new(client, "views"), network)
}

fn rows(count: usize) -> Vec<Row> {
    let row = |place| Row {
        key: RowKey::new("p", format!("{place}")),
        revision: 3,
        body: Payload::of(&place).unwrap(),
        indexes: BTreeMap::new(),
    };
    (0..count).map(row).collect()
}

async fn write(count: usize, replies: Vec<Reply>) -> (Result<(), ViewError>, ScriptedHttp) {
    let (store, network) = scripted(replies);
    (store.write(&rows(count)).await, network)
}

fn cancelled(codes: &[&str]) -> Reply {
    let reasons: Vec<Value> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": format!("Transaction cancelled, please refer cancellation reasons {codes:?}"),
        "CancellationReasons": reasons,
    });
    Says(400, body.to_string())
}

#[tokio::test]
async fn the_reasons_of_a_cancelled_transaction_are_distinguished() {
    let outcome = async |codes: &[&str]| {
        let (outcome, network) = write(2, vec![cancelled(codes); 3]).await;
        (outcome.unwrap_err(), network.requests().len())
    };
    for codes in [
        ["ConditionalCheckFailed", "None"],
        ["None", "TransactionConflict"],
        ["ThrottlingError", "ConditionalCheckFailed"],
    ] {
        let (conflict, _) = outcome(&codes).await;
        assert!(matches!(conflict, ViewError::Conflict), "{codes:?}: {conflict:?}");
    }
    for codes in [["ThrottlingError", "None"], ["None", "ProvisionedThroughputExceeded"]] {
        let (busy, _) = outcome(&codes).await;
        assert!(matches!(busy, ViewError::Unavailable(_)), "{codes:?}: {busy:?}");
    }
    for codes in [
        ["ValidationError", "None"],
        ["ConditionalCheckFailed", "ValidationError"],
        ["ItemCollectionSizeLimitExceeded", "None"],
        ["SomethingNew", "None"],
    ] {
        let (broken, _) = outcome(&codes).await;
        assert!(matches!(broken, ViewError::Broken(_)), "{codes:?}: {broken:?}");
    }
}

#[tokio::test]
async fn other_write_errors_say_what_to_do_next() {
    let error = |status, code: &str| Reply::error(status, code, "because");
    for count in [1, 2] {
        for reply in [
            Lost,
            error(400, "ThrottlingException"),
            error(400, "TransactionInProgressException"),
            error(500, "InternalServerError"),
        ] {
            let (busy, _) = write(count, vec![reply.clone(); 3]).await;
            assert!(matches!(busy, Err(ViewError::Unavailable(_))), "{reply:?}: {busy:?}");
        }
        for reply in [
            error(400, "ValidationException"),
            error(400, "AccessDeniedException"),
            error(400, "IdempotentParameterMismatchException"),
        ] {
            let (broken, _) = write(count, vec![reply.clone(); 3]).await;
            assert!(matches!(broken, Err(ViewError::Broken(_))), "{reply:?}: {broken:?}");
        }
    }
    let (conflict, _) = write(1, vec![error(400, "ConditionalCheckFailedException")]).await;
    assert!(matches!(conflict, Err(ViewError::Conflict)));
}

/// With one token, a transaction whose reply was lost is not carried out twice.
#[tokio::test]
async fn retries_of_a_transaction_repeat_its_token_and_two_transactions_differ_s8() {
    let done = || Says(200, "{}".to_owned());
    let (store, network) = scripted([Lost, Lost, done(), done()]);
    store.write(&rows(2)).await.unwrap();
    store.write(&rows(2)).await.unwrap();
    let tokens: Vec<String> = network
        .requests()
        .iter()
        .map(|request| serde_json::from_str::<Value>(request).unwrap())
        .map(|request| request["ClientRequestToken"].as_str().unwrap().to_owned())
        .collect();
    let [first, second, third, other] = <[String; 4]>::try_from(tokens).unwrap();
    assert!(first == second && second == third && third != other);
}

#[tokio::test]
async fn every_write_is_conditional_on_the_previous_revision_s8() {
    let done = Says(200, "{}".to_owned());
    for count in [1, 2] {
        let (written, network) = write(count, vec![done.clone()]).await;
        written.unwrap();
        let request: Value = serde_json::from_str(&network.requests()[0]).unwrap();
        let puts = match count {
            1 => vec![request],
            _ => request["TransactItems"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["Put"].clone())
                .collect(),
        };
        assert_eq!(puts.len(), count);
        for put in puts {
            assert_eq!(put["ConditionExpression"], "rev = :rev");
            assert_eq!(put["ExpressionAttributeValues"][":rev"]["N"], "2");
            assert_eq!(put["Item"]["rev"]["N"], "3");
        }
    }
}

fn key(place: usize) -> Value {
    json!({ "pk": { "S": "p" }, "sk": { "S": place.to_string() } })
}

fn found(places: &[usize], unprocessed: &[usize]) -> Reply {
    let row = |place: &usize| {
        let mut row = key(*place);
        row["rev"] = json!({ "N": "3" });
        row["body"] = json!({ "S": place.to_string() });
        row
    };
    let rows: Vec<Value> = places.iter().map(row).collect();
    let left: Vec<Value> = unprocessed.iter().copied().map(key).collect();
    let mut body = json!({ "Responses": { "views": rows }, "UnprocessedKeys": {} });
    if !left.is_empty() {
        body["UnprocessedKeys"] = json!({ "views": { "Keys": left, "ConsistentRead": true } });
    }
    Says(200, body.to_string())
}

#[tokio::test]
async fn unprocessed_keys_are_requested_again() {
    let (store, network) = scripted([found(&[2], &[0, 1, 3]), found(&[], &[1]), found(&[1], &[])]);
    let keys: Vec<RowKey> = rows(4).into_iter().map(|row| row.key).collect();
    let read = store.read(&keys).await.unwrap();
    let there: Vec<bool> = read.iter().map(Option::is_some).collect();
    assert_eq!(there, [false, true, true, false]);
    let requests = network.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        let request: Value = serde_json::from_str(&request).unwrap();
        assert_eq!(request["RequestItems"]["views"]["ConsistentRead"], true);
    }
}

/// The index may lag: the row in the table counts.
#[tokio::test]
async fn a_list_by_an_index_reads_the_rows_and_leaves_out_one_that_has_moved() {
    let in_index = |place: usize| {
        let mut item = key(place);
        item["ix1pk"] = json!({ "S": "open" });
        item["ix1sk"] = json!({ "S": place.to_string() });
        item
    };
    let stored = |place: usize, partition: &str| {
        let mut item = in_index(place);
        item["ix1pk"] = json!({ "S": partition });
        item["rev"] = json!({ "N": "3" });
        item["body"] = json!({ "S": "{}" });
        item
    };
    let keys = json!({ "Items": [in_index(0), in_index(1), in_index(2), in_index(3)] });
    let rows = [stored(2, "open"), stored(1, "closed"), stored(0, "open")];
    let rows = json!({ "Responses": { "views": rows }, "UnprocessedKeys": {} });
    let (store, network) = scripted([Says(200, keys.to_string()), Says(200, rows.to_string())]);
    let query = RowQuery {
        index: Some(Index(1)),
        partition: "open".to_owned(),
        between: None,
        newest_first: false,
        limit: 3,
        after: None,
    };
    let page = store.list(&query).await.unwrap();
    let listed: Vec<&str> = page.rows.iter().map(|row| &*row.key.sort).collect();
    assert_eq!((listed, page.next.unwrap().sort), (vec!["0", "2"], "2".to_owned()));
    let request: Value = serde_json::from_str(&network.requests()[1]).unwrap();
    assert_eq!(request["RequestItems"]["views"]["Keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_read_without_progress_ends_s16() {
    let (store, network) = scripted(vec![found(&[], &[0, 1]); 5]);
    let keys: Vec<RowKey> = rows(2).into_iter().map(|row| row.key).collect();
    let read = store.read(&keys).await;
    assert!(matches!(read, Err(ViewError::Unavailable(_))), "{read:?}");
    assert_eq!(network.requests().len(), 1);
}

#[tokio::test]
async fn more_rows_than_the_limit_are_refused_without_a_request_s16() {
    let (store, network) = scripted([]);
    let keys: Vec<RowKey> = rows(101).into_iter().map(|row| row.key).collect();
    assert!(matches!(store.read(&keys).await, Err(ViewError::Broken(_))));
    assert!(matches!(store.write(&rows(101)).await, Err(ViewError::Broken(_))));
    assert_eq!(network.requests().len(), 0);
}

/// DynamoDB accepts no such item. A table whose indexes were made later may have one.
#[tokio::test]
async fn a_row_with_a_damaged_index_key_is_read_and_stands_in_no_index() {
    let mut item = key(0);
    item["rev"] = json!({ "N": "3" });
    item["body"] = json!({ "S": "{}" });
    item["ix1pk"] = json!({ "N": "3" });
    item["ix1sk"] = json!({ "S": "3" });
    let (store, _) = scripted([Says(200, json!({ "Item": item }).to_string())]);
    let read = store.read(&[RowKey::new("p", "0")]).await.unwrap().remove(0).unwrap();
    assert_eq!((read.revision, read.indexes.len()), (3, 0));
}

#[tokio::test]
async fn lists_by_primary_key_are_strongly_consistent_s8() {
    for (index, is_strong) in [(None, true), (Some(Index(1)), false), (Some(Index(2)), false)] {
        let (store, network) = scripted([Says(200, json!({ "Items": [] }).to_string())]);
        let query = RowQuery {
            index,
            partition: "p".to_owned(),
            between: None,
            newest_first: true,
            limit: 1,
            after: None,
        };
        assert!(store.list(&query).await.unwrap().rows.is_empty());
        let sent = network.requests();
        let sent: Value = serde_json::from_str(&sent[0]).unwrap();
        assert_eq!(sent["ConsistentRead"], is_strong, "{index:?}");
    }
}
