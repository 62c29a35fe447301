//! How the adapters handle replies of SNS, EventBridge and SQS: real clients, scripted replies.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod eventbridge;
mod sns;
mod sqs;

use dekigoto::{Attribute, Message, Refused, Source, Timestamp};

/// Messages `0`, `1` and so on.
fn messages(count: usize) -> Vec<Message> {
    let message = |place| Message {
        key: format!("key-{place}"),
        body: format!(r#"{{"place":{place}}}"#),
        attributes: vec![
            ("eventType", Attribute::Text(format!("Event{place}"))),
            ("schemaVersion", Attribute::Number(1)),
        ],
        kind: format!("Event{place}"),
        at: Timestamp::from_millis(1_795_424_400_123).unwrap(),
    };
    (0..count).map(message).collect()
}

type Answers = Result<Vec<Result<(), Refused>>, Source>;

/// The answers as text: `ok` or the code, with `!` if the error is permanent.
#[track_caller]
fn told(answers: Answers) -> Vec<String> {
    let told = |answer: Result<(), Refused>| match answer {
        Ok(()) => "ok".to_owned(),
        Err(refused) if refused.for_good => format!("{}!", refused.code),
        Err(refused) => refused.code,
    };
    answers.unwrap().into_iter().map(told).collect()
}
