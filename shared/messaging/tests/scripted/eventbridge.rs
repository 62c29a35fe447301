//! EventBridge: answers by position, and JSON.

use dekigoto::Bus as _;
use dekigoto_messaging::EventBridgeBus;
use dekigoto_testkit::aws::{
    Reply::{self, Lost, Says},
    ScriptedHttp,
};

use crate::{Answers, messages, told};

async fn send(count: usize, replies: Vec<Reply>) -> (Answers, Vec<String>) {
    let network = ScriptedHttp::new(replies);
    let bus = EventBridgeBus::new(&network.config(), "orders", "dekigoto.orders");
    let answers = bus.send(&messages(count)).await;
    (answers, network.requests())
}

/// A reply of 200 with these entries: `ok`, a code, or nothing.
fn answered(entries: &[&str]) -> Reply {
    let entry = |entry: &&str| match *entry {
        "ok" => r#"{"EventId":"e-1"}"#.to_owned(),
        "" => "{}".to_owned(),
        code => format!(r#"{{"ErrorCode":"{code}","ErrorMessage":"because"}}"#),
    };
    let entries: Vec<String> = entries.iter().map(entry).collect();
    let body = format!(r#"{{"FailedEntryCount":0,"Entries":[{}]}}"#, entries.join(","));
    Says(200, body)
}

#[tokio::test]
async fn a_batch_is_one_request_in_the_order_of_the_messages() {
    let (answers, requests) = send(2, vec![answered(&["ok", "ok"])]).await;
    assert_eq!(told(answers), ["ok", "ok"]);
    let [request] = <[String; 1]>::try_from(requests).unwrap();
    let request: serde_json::Value = serde_json::from_str(&request).unwrap();
    let entries = request["Entries"].as_array().unwrap();
    for (place, entry) in entries.iter().enumerate() {
        assert_eq!(entry["Source"], "dekigoto.orders");
        assert_eq!(entry["EventBusName"], "orders");
        assert_eq!(entry["DetailType"], format!("Event{place}"));
        assert_eq!(entry["Detail"], format!(r#"{{"place":{place}}}"#));
        assert_eq!(entry["Time"].to_string(), "1795424400.123");
    }
    assert_eq!(entries.len(), 2);
}

#[tokio::test]
async fn answers_are_matched_to_messages_by_position_s15() {
    let entries = ["ok", "ThrottlingException", "ok", "InternalFailure", "MalformedDetail"];
    let (answers, requests) = send(5, vec![answered(&entries)]).await;
    let expected = ["ok", "ThrottlingException", "ok", "InternalFailure", "MalformedDetail!"];
    assert_eq!(told(answers), expected);
    assert_eq!(requests.len(), 1, "resending is for those who know what else waits");
}

#[tokio::test]
async fn only_errors_of_the_message_are_permanent() {
    for (code, expected) in [
        ("MalformedDetail", "MalformedDetail!"),
        ("InvalidArgument", "InvalidArgument!"),
        ("AccessDeniedException", "AccessDeniedException"),
        ("NotAuthorizedForSourceException", "NotAuthorizedForSourceException"),
        ("InvalidAccountIdException", "InvalidAccountIdException"),
        ("SomethingNew", "SomethingNew"),
    ] {
        let (answers, _) = send(1, vec![answered(&[code])]).await;
        assert_eq!(told(answers), [expected]);
    }
}

#[tokio::test]
async fn an_incomplete_or_excess_answer_is_not_a_success_s15() {
    let (answers, _) = send(2, vec![answered(&["ok", ""])]).await;
    assert_eq!(told(answers), ["ok", "NoAnswer"]);
    for entries in [&["ok"][..], &["ok", "ok", "ok"], &[]] {
        let (answers, _) = send(2, vec![answered(entries)]).await;
        let cause = answers.unwrap_err().to_string();
        assert!(cause.contains("for 2 entries"), "{cause}");
    }
}

#[tokio::test]
async fn a_failed_request_is_an_error_with_its_code() {
    for (status, code, sent) in [
        (400, "ValidationException", 1),
        (400, "AccessDeniedException", 1),
        (400, "ThrottlingException", 3),
        (500, "InternalException", 3),
    ] {
        let replies = vec![Reply::error(status, code, "because"); 3];
        let (answers, requests) = send(2, replies).await;
        let cause = answers.unwrap_err().to_string();
        assert!(cause.contains(code), "{cause}");
        assert!(!cause.contains("place"), "no message in a log: {cause}");
        assert_eq!(requests.len(), sent, "{code}");
    }
    assert!(send(2, vec![Lost; 3]).await.0.is_err());
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_sent_one_by_one() {
    let message = "Total size of the entries in the request is over the limit.";
    let too_large = Reply::error(400, "ValidationException", message);
    let replies = vec![
        too_large.clone(),
        answered(&["ok"]),
        too_large,
        Reply::error(400, "AccessDeniedException", "because"),
    ];
    let (answers, requests) = send(3, replies).await;
    let told = told(answers);
    assert_eq!(told[..2], ["ok", "EntriesTooLarge!"]);
    assert!(told[2].contains("AccessDeniedException"), "{told:?}");
    assert_eq!(requests.len(), 4);
}
