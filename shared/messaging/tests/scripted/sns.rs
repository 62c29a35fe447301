//! SNS: an id for each entry, and XML.

use dekigoto::Bus as _;
use dekigoto_messaging::SnsTopic;
use dekigoto_testkit::aws::{
    Reply::{self, Lost, Says},
    ScriptedHttp,
};

use crate::{Answers, messages, told};

const ARN: &str = "arn:aws:sns:eu-west-1:000000000000:events";

async fn send(count: usize, replies: Vec<Reply>) -> (Answers, Vec<String>) {
    let network = ScriptedHttp::new(replies);
    let topic = SnsTopic::new(&network.config(), ARN);
    let answers = topic.send(&messages(count)).await;
    (answers, network.requests())
}

/// A reply with status 200 and these successful and failed entries: id, code, sender fault.
fn answered(taken: &[&str], failed: &[(&str, &str, bool)]) -> Reply {
    let taken = taken
        .iter()
        .map(|id| format!("<member><Id>{id}</Id><MessageId>m-{id}</MessageId></member>"));
    let failed = failed.iter().map(|(id, code, fault)| {
        format!(
            "<member><Id>{id}</Id><Code>{code}</Code><SenderFault>{fault}</SenderFault></member>"
        )
    });
    let (taken, failed): (String, String) = (taken.collect(), failed.collect());
    Says(
        200,
        format!(
            "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult>\
             <Successful>{taken}</Successful><Failed>{failed}</Failed>\
             </PublishBatchResult></PublishBatchResponse>"
        ),
    )
}

fn error(status: u16, code: &str) -> Reply {
    Says(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>because</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        ),
    )
}

#[tokio::test]
async fn a_batch_is_one_request_with_bodies_and_attributes() {
    let (answers, requests) = send(2, vec![answered(&["0", "1"], &[])]).await;
    assert_eq!(told(answers), ["ok", "ok"]);
    let [request] = <[String; 1]>::try_from(requests).unwrap();
    for part in [
        "Action=PublishBatch",
        "PublishBatchRequestEntries.member.1.Id=0",
        "PublishBatchRequestEntries.member.2.Message=%7B%22place%22%3A1%7D",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
    // A filter for a range of schema versions matches only numbers.
    for (name, data_type, value) in
        [("eventType", "String", "Event1"), ("schemaVersion", "Number", "1")]
    {
        let (_, rest) = request.rsplit_once(&format!("Name={name}&")).unwrap();
        let parts: Vec<&str> =
            rest.split('&').take(2).filter_map(|it| Some(it.split_once(".Value.")?.1)).collect();
        assert_eq!(parts, [format!("DataType={data_type}"), format!("StringValue={value}")]);
    }
}

#[tokio::test]
async fn answers_are_matched_to_messages_by_id_s15() {
    let failed = [("3", "InternalError", false), ("0", "InvalidParameter", true)];
    let (answers, _) = send(4, vec![answered(&["2", "1"], &failed)]).await;
    assert_eq!(told(answers), ["InvalidParameter!", "ok", "ok", "InternalError"]);
}

#[tokio::test]
async fn an_entry_without_an_answer_counts_as_not_sent_s15() {
    let (answers, _) = send(3, vec![answered(&["1"], &[])]).await;
    assert_eq!(told(answers), ["NoAnswer", "ok", "NoAnswer"]);
    let (answers, _) = send(2, vec![answered(&["7", "x"], &[("9", "X", true)])]).await;
    assert_eq!(told(answers), ["NoAnswer", "NoAnswer"]);
    // An entry in both lists failed.
    let (answers, _) = send(1, vec![answered(&["0"], &[("0", "InternalError", false)])]).await;
    assert_eq!(told(answers), ["InternalError"]);
}

#[tokio::test]
async fn only_errors_of_the_message_are_permanent() {
    for (code, sender_fault, expected) in [
        ("InvalidParameter", true, "InvalidParameter!"),
        ("InvalidParameter", false, "InvalidParameter"),
        ("InternalError", false, "InternalError"),
        ("Throttled", true, "Throttled"),
        ("ThrottledException", true, "ThrottledException"),
        ("AuthorizationError", true, "AuthorizationError"),
        ("KMSAccessDenied", true, "KMSAccessDenied"),
        ("NotFound", true, "NotFound"),
    ] {
        let (answers, _) = send(1, vec![answered(&[], &[("0", code, sender_fault)])]).await;
        assert_eq!(told(answers), [expected]);
    }
}

#[tokio::test]
async fn a_failed_request_is_an_error_with_its_code() {
    for (status, code, sent) in [
        (400, "InvalidParameter", 1),
        (403, "AuthorizationError", 1),
        (404, "NotFound", 1),
        (400, "Throttling", 3),
        (500, "InternalError", 3),
    ] {
        let (answers, requests) = send(2, vec![error(status, code); 3]).await;
        let cause = answers.unwrap_err().to_string();
        assert!(cause.contains(code), "{cause}");
        assert!(!cause.contains("place"), "no message in a log: {cause}");
        assert_eq!(requests.len(), sent, "{code}");
    }
    let (answers, requests) = send(2, vec![Lost; 3]).await;
    assert!(answers.is_err());
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_batch_that_is_too_long_is_sent_one_by_one() {
    let too_long = || error(400, "BatchRequestTooLong");
    let (answers, requests) = send(
        3,
        vec![too_long(), answered(&["0"], &[]), too_long(), error(403, "AuthorizationError")],
    )
    .await;
    let told = told(answers);
    assert_eq!(told[..2], ["ok", "BatchRequestTooLong!"]);
    assert!(told[2].contains("AuthorizationError"), "{told:?}");
    assert_eq!(requests.len(), 4);
}
