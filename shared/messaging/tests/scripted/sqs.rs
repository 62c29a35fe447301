//! SQS: parked messages, and pointers in the retry queue.

use dekigoto::{Ordinal, Parking as _, Pointer, RetryQueue as _, Source, StreamId, Target};
use dekigoto_messaging::{QUEUE_MESSAGE_BYTES_MAX, REASON_BYTES_MAX, SqsParking, SqsRetryQueue};
use dekigoto_testkit::aws::{
    Reply::{self, Lost, Says},
    ScriptedHttp,
};
use serde_json::{Value, json};

use crate::{Answers, told};

const URL: &str = "http://127.0.0.1:1/000000000000/queue";

fn taken() -> Reply {
    Says(200, r#"{"MessageId":"m-1"}"#.to_owned())
}

async fn park(body: &str, reason: &str, replies: Vec<Reply>) -> (Result<(), Source>, Vec<Value>) {
    let network = ScriptedHttp::new(replies);
    let parking = SqsParking::new(&network.config(), URL, "publisher");
    let parked = parking.park(body, reason).await;
    let requests = network.requests();
    let requests = requests.iter().map(|request| serde_json::from_str(request).unwrap());
    (parked, requests.collect())
}

/// The sent body, and its attributes `reason`, `function` and `altered`.
async fn parked(body: &str, reason: &str) -> [Option<String>; 4] {
    let (parked, requests) = park(body, reason, vec![taken()]).await;
    parked.unwrap();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request["QueueUrl"], URL);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let attribute = |name: &str| text(&request["MessageAttributes"][name]["StringValue"]);
    let bytes = request["MessageBody"].as_str().unwrap().len()
        + ["reason", "function", "altered"]
            .iter()
            .filter_map(|name| Some(name.len() + "String".len() + attribute(name)?.len()))
            .sum::<usize>();
    assert!(bytes <= QUEUE_MESSAGE_BYTES_MAX, "{bytes} bytes");
    [
        text(&request["MessageBody"]),
        attribute("reason"),
        attribute("function"),
        attribute("altered"),
    ]
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn pointer(ordinal: u64) -> Pointer {
    let stream = StreamId::new("Order", "a\u{1}#\"é").unwrap();
    Pointer::new(stream, Ordinal::new(ordinal).unwrap())
}

/// Puts that many pointers, and returns the answers and requests.
async fn put(count: u64, replies: Vec<Reply>) -> (Answers, Vec<Value>) {
    let network = ScriptedHttp::new(replies);
    let queue = SqsRetryQueue::new(&network.config(), URL);
    let pointers: Vec<Pointer> = (1..=count).map(pointer).collect();
    let answers = queue.put(&pointers).await;
    let requests = network.requests();
    (answers, requests.iter().map(|request| serde_json::from_str(request).unwrap()).collect())
}

/// A reply with status 200 and these successful and failed entries.
fn answered(taken: &[&str], failed: &[(&str, &str)]) -> Reply {
    let taken: Vec<Value> = taken
        .iter()
        .map(|id| json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "x" }))
        .collect();
    let failed: Vec<Value> = failed
        .iter()
        .map(|(id, code)| json!({ "Id": id, "Code": code, "SenderFault": true }))
        .collect();
    Says(200, json!({ "Successful": taken, "Failed": failed }).to_string())
}

#[tokio::test]
async fn ten_pointers_are_one_request_and_each_names_its_targets() {
    let ids: Vec<String> = (0..10).map(|id: u32| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (answers, requests) = put(10, vec![answered(&ids, &[])]).await;
    assert_eq!(told(answers), ["ok"; 10]);
    assert_eq!((requests.len(), requests[0]["Entries"].as_array().unwrap().len()), (1, 10));
    let body = requests[0]["Entries"][2]["MessageBody"].as_str().unwrap();
    assert_eq!(
        body,
        concat!(
            r#"{"stream":{"aggregateType":"Order","aggregateId":"a\u0001#\"é"},"ordinal":3,"#,
            r#""targets":["topic","bus"]}"#
        )
    );
    assert_eq!(serde_json::from_str::<Pointer>(body).unwrap(), pointer(3));
}

#[test]
fn a_pointer_without_targets_means_both_targets() {
    let old = r#"{"stream":{"aggregateType":"Order","aggregateId":"a\u0001#\"é"},"ordinal":3}"#;
    assert_eq!(serde_json::from_str::<Pointer>(old).unwrap(), pointer(3));
    let text = pointer(3).only([Target::Bus]).text();
    assert!(text.ends_with(r#""targets":["bus"]}"#), "{text}");
}

#[tokio::test]
async fn an_unconfirmed_pointer_counts_as_not_queued_s15() {
    let (answers, _) = put(4, vec![answered(&["2", "7", "x"], &[("0", "InternalError")])]).await;
    assert_eq!(told(answers), ["InternalError", "NoAnswer", "ok", "NoAnswer"]);
    let (answers, requests) = put(2, vec![Lost; 3]).await;
    assert!(answers.is_err());
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_message_is_parked_unchanged_with_its_reason_s15() {
    let body = "{\"a\":\t\"出来事 🛒\"}\r\n";
    assert_eq!(
        parked(body, "no event is called X").await,
        [some(body), some("no event is called X"), some("publisher"), None]
    );
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_replaced_and_reported() {
    let [body, reason, _, altered] = parked("a\u{0}b\u{b}c\u{fffe}d\u{ffff}e", "x\u{7}y").await;
    assert_eq!(body, some("a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e"));
    assert_eq!(reason, some("x\u{fffd}y"));
    assert!(altered.unwrap().contains("U+FFFD"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_cut_between_characters_and_reported() {
    for text in ["x", "é", "事", "🛒"] {
        let body = text.repeat(QUEUE_MESSAGE_BYTES_MAX / text.len() + 7);
        let [kept, _, _, altered] = parked(&body, &"r".repeat(REASON_BYTES_MAX)).await;
        let kept = kept.unwrap();
        assert!(body.starts_with(&kept));
        assert!(kept.len() > QUEUE_MESSAGE_BYTES_MAX - 16 * 1024);
        let expected = format!("cut to its first {} of {} bytes", kept.len(), body.len());
        assert_eq!(altered, Some(expected));
    }
}

#[tokio::test]
async fn control_characters_cannot_make_a_message_too_large() {
    let reason = "\u{1}".repeat(10 * REASON_BYTES_MAX);
    let [_, reason, _, altered] = parked(&"\u{1}".repeat(QUEUE_MESSAGE_BYTES_MAX), &reason).await;
    assert_eq!(reason.unwrap().chars().count(), REASON_BYTES_MAX);
    let altered = altered.unwrap();
    assert!(altered.contains("U+FFFD") && altered.contains("cut"), "{altered}");
}

#[tokio::test]
async fn a_long_reason_is_cut_between_characters() {
    let [_, reason, _, altered] = parked("{}", &"事".repeat(REASON_BYTES_MAX)).await;
    let reason = reason.unwrap();
    assert!(reason.len() <= REASON_BYTES_MAX && reason.len() > REASON_BYTES_MAX - 3);
    assert_eq!(altered, None, "the body is what it was");
}

#[tokio::test]
async fn an_empty_message_is_parked_with_a_placeholder() {
    let [body, reason, _, altered] = parked("", "").await;
    assert_eq!(body, some("(empty)"));
    assert_eq!(reason, some("no reason was given"));
    assert_eq!(altered, some("the original body is empty"));
}

#[tokio::test]
async fn a_reply_without_a_message_id_is_an_error_s15() {
    for (reply, sent) in [
        (Says(200, "{}".to_owned()), 1),
        (Reply::error(400, "AccessDeniedException", "because"), 1),
        (Reply::error(400, "ThrottlingException", "because"), 3),
        (Reply::error(500, "InternalFailure", "because"), 3),
        (Lost, 3),
    ] {
        let (parked, requests) = park("secret", "secret", vec![reply.clone(); 3]).await;
        let cause = parked.unwrap_err().to_string();
        assert!(!cause.contains("secret"), "{cause}");
        assert_eq!(requests.len(), sent, "{reply:?}");
    }
}
