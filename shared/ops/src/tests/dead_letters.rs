use dekigoto::{Ordinal, Pointer, StreamId};
use serde_json::json;

use crate::{
    dlq::{Filter, discard, list, redrive, show},
    failure::Kind,
    fake::Bank,
    fake_failures::{kept, note},
    out::Shown,
};

fn of(queue: &str) -> Filter {
    Filter { queue: Some(queue.to_owned()), ..Filter::default() }
}

fn pointer() -> String {
    Pointer::new(StreamId::new("Account", "a").unwrap(), Ordinal::FIRST).text()
}

async fn event(bank: &Bank) -> String {
    serde_json::to_string(&bank.deposit("a", &[4711]).await[0]).unwrap()
}

/// One dead letter of each kind.
async fn graveyard(bank: &Bank) {
    let event = event(bank).await;
    bank.cloud.bury(
        "balances-dlq",
        &event,
        &[("reason", "version 2: unknown"), ("function", "balances")],
    );
    bank.cloud.bury("money-moved-dlq", &event, &[]);
    bank.cloud.bury("publisher-dlq", &pointer(), &[("reason", "the events are damaged")]);
    bank.cloud.bury("publisher-dlq", "what was once a record", &[("reason", "no key")]);
    bank.cloud.bury("stream-dlq", &note(), &[]);
    bank.cloud.bury("subscription-dlq", &event, &[]);
    bank.cloud.bury(
        "balances-dlq",
        r#"{"customer":"c-42"}"#,
        &[("reason", "the message is not an event")],
    );
}

#[tokio::test]
async fn dead_letters_of_all_kinds_are_listed_by_queue_and_reason_with_their_way_back() {
    let bank = Bank::new();
    graveyard(&bank).await;
    let report = list(&bank.desk, &Filter::default()).await.unwrap();
    let text = report.text(false);
    for line in [
        "balances      1        5d      9d       version 2: unknown",
        "money-moved   1        5d      9d       tried too often; its function's log has the reason",
        "to the retry queue",
        "none: the body is no pointer",
        "Lambda gave up on 7 records: RetryAttemptsExhausted",
        "publish its time window again",
        "to balances, money-moved",
        "none: the body is no event",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(report.needs_attention());
    assert_eq!(report.json()["letters"], 7);
    assert_eq!(bank.cloud.hidden(), 0, "a look must not hide letters");
    assert_eq!(bank.cloud.state().changes, Vec::<String>::new());
}

#[tokio::test]
async fn the_body_of_a_letter_is_masked_unless_the_operator_asks_s17() {
    let mut bank = Bank::new();
    graveyard(&bank).await;
    let text = show(&bank.desk, &Filter::default()).await.unwrap().text(false);
    assert!(
        text.contains("Account#a version 1") && text.contains("\"cents\":\"<number>\""),
        "{text}"
    );
    for private in ["4711", "c-42", "once a record", "\"actor\":\"ann\""] {
        assert!(!text.contains(private), "{text}");
    }
    bank.desk.shown = Shown::Whole;
    let text = show(&bank.desk, &Filter::default()).await.unwrap().text(false);
    assert!(text.contains("4711") && text.contains("c-42"), "{text}");
}

#[tokio::test]
async fn letters_are_filtered_by_queue_reason_and_stream() {
    let bank = Bank::new();
    graveyard(&bank).await;
    let filter = |queue: Option<&str>, reason: Option<&str>, stream: Option<&str>| Filter {
        queue: queue.map(str::to_owned),
        reason: reason.map(str::to_owned),
        stream: stream.map(str::to_owned),
    };
    for (filter, letters) in [
        (filter(Some("publisher"), None, None), 2),
        (filter(None, Some("damaged"), None), 1),
        (filter(None, None, Some("Account#a")), 4),
        (filter(Some("publisher"), None, Some("Account#a")), 1),
        (filter(None, None, Some("Account#b")), 0),
    ] {
        assert_eq!(
            list(&bank.desk, &filter).await.unwrap().json()["letters"],
            letters,
            "{filter:?}"
        );
    }
    let failure = list(&bank.desk, &of("orders")).await.unwrap_err();
    let text = failure.to_string();
    assert!(
        text.starts_with("there is no dead-letter queue called orders: choose one of balances"),
        "{text}"
    );
}

#[tokio::test]
async fn a_dry_redrive_says_where_each_letter_would_go_and_changes_nothing() {
    let bank = Bank::new();
    graveyard(&bank).await;
    let report = redrive(&bank.desk, &Filter::default(), 50).await.unwrap();
    assert!(report.text(false).contains("nothing was changed"), "{}", report.text(false));
    assert_eq!(report.json()["plan"].as_array().unwrap().len(), 7);
    assert_eq!((bank.cloud.hidden(), bank.cloud.state().changes.len()), (0, 0));
    assert!(bank.journal().await.is_empty());
}

#[tokio::test]
async fn a_batch_that_lambda_kept_in_a_bucket_is_published_again_by_its_note_l5() {
    let bank = Bank::agreed();
    bank.cloud.bury("stream-dlq", &kept("bank-failures", "aws/lambda/m/s/1"), &[]);
    let listed = list(&bank.desk, &Filter::default()).await.unwrap().text(false);
    assert!(listed.contains("s3://bank-failures/aws/lambda/m/s/1"), "{listed}");
    // Without the object there is nothing to publish, and the letter stays.
    redrive(&bank.desk, &Filter::default(), 50).await.unwrap_err();
    assert_eq!(bank.cloud.bodies("stream-dlq").len(), 1);
    let mut object = parsed(&note());
    object["payload"] = json!("{\"Records\": []}");
    bank.cloud.state().objects.insert("bank-failures/aws/lambda/m/s/1".to_owned(), object);
    bank.cloud.state().answers = vec![json!({ "pointers": 3, "next": null })];
    redrive(&bank.desk, &Filter::default(), 50).await.unwrap();
    let window = json!({ "DDBStreamBatchInfo": parsed(&note())["DDBStreamBatchInfo"] });
    let invoked = format!("invoke bank-publisher:live {window}");
    assert!(bank.cloud.state().changes.contains(&invoked), "{:?}", bank.cloud.state().changes);
    assert!(bank.cloud.bodies("stream-dlq").is_empty());
}

#[tokio::test]
async fn each_kind_of_letter_goes_its_own_way_back_l5() {
    let bank = Bank::agreed();
    graveyard(&bank).await;
    bank.cloud.state().answers = vec![json!({ "pointers": 3, "next": null })];
    let event = bank.cloud.bodies("balances-dlq")[0].clone();
    let report = redrive(&bank.desk, &Filter::default(), 50).await.unwrap();
    // SQS itself moves what SQS itself put aside.
    assert!(
        bank.cloud.state().changes.contains(&"move arn:money-moved-dlq arn:money-moved".to_owned())
    );
    assert_eq!(
        bank.cloud.bodies("balances"),
        [event.clone(), event.clone()],
        "parked, and from SNS"
    );
    assert_eq!(bank.cloud.bodies("money-moved"), [event], "from SNS");
    assert_eq!(bank.cloud.bodies("retry"), [pointer()]);
    assert!(
        bank.cloud
            .state()
            .changes
            .contains(&format!("invoke bank-publisher:live {}", parsed(&note())))
    );
    // What has no way back stays, visible.
    assert_eq!(bank.cloud.bodies("balances-dlq"), [r#"{"customer":"c-42"}"#]);
    assert_eq!(bank.cloud.bodies("publisher-dlq"), ["what was once a record"]);
    for emptied in ["stream-dlq", "subscription-dlq"] {
        assert!(bank.cloud.bodies(emptied).is_empty(), "{emptied}");
    }
    assert_eq!(bank.cloud.hidden(), 0);
    assert_eq!(
        (report.json()["sent"].clone(), report.json()["moving"].clone()),
        (json!(4), json!(1))
    );
    assert!(report.needs_attention(), "two letters are left");
}

fn parsed(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn without_the_move_task_of_sqs_letters_are_sent_back_one_by_one() {
    let bank = Bank::agreed();
    bank.cloud.state().can_move = false;
    let event = event(&bank).await;
    for _ in 0..25 {
        bank.cloud.bury("balances-dlq", &event, &[]);
    }
    let report = redrive(&bank.desk, &of("balances"), 50).await.unwrap();
    assert_eq!(
        (report.json()["sent"].clone(), bank.cloud.bodies("balances").len()),
        (json!(25), 25)
    );
    assert!(bank.cloud.bodies("balances-dlq").is_empty());
    // Fifty a second.
    assert_eq!(bank.host.slept().as_millis(), 500);
}

#[tokio::test]
async fn a_filtered_redrive_never_uses_the_move_task_which_would_move_every_letter() {
    let bank = Bank::agreed();
    let event = event(&bank).await;
    bank.cloud.bury("balances-dlq", &event, &[]);
    let filter = Filter { stream: Some("Account#a".to_owned()), ..of("balances") };
    redrive(&bank.desk, &filter, 50).await.unwrap();
    assert_eq!(bank.cloud.state().changes, ["send balances", "delete balances-dlq-0"]);
}

#[tokio::test]
async fn a_redrive_that_breaks_half_way_loses_no_letter_and_can_be_repeated() {
    for (part, succeeds) in [("send", 0), ("send", 2), ("delete", 0), ("delete", 2)] {
        let bank = Bank::agreed();
        let event = event(&bank).await;
        for _ in 0..4 {
            bank.cloud.bury("balances-dlq", &event, &[("reason", "x")]);
        }
        bank.cloud.state().fails = vec![(part.to_owned(), succeeds)];
        let failure = redrive(&bank.desk, &of("balances"), 50).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Unreachable);
        assert!(
            failure.to_string().contains("were sent back before this: AWS is gone"),
            "{failure}"
        );
        assert!(bank.journal().await[0].outcome.starts_with("failed: "));
        assert_eq!(bank.cloud.hidden(), 0);
        let there = bank.cloud.bodies("balances").len() + bank.cloud.bodies("balances-dlq").len();
        assert!(there >= 4, "{part} after {succeeds}: {there} letters");
        bank.cloud.state().fails.clear();
        redrive(&bank.desk, &of("balances"), 50).await.unwrap();
        assert!(bank.cloud.bodies("balances-dlq").is_empty());
        assert!(bank.cloud.bodies("balances").len() >= 4);
    }
}

#[tokio::test]
async fn a_redrive_to_a_deleted_queue_fails_before_anything_is_sent() {
    let bank = Bank::agreed();
    graveyard(&bank).await;
    bank.cloud.state().queues.remove("retry");
    let failure = redrive(&bank.desk, &Filter::default(), 50).await.unwrap_err();
    assert_eq!(failure.to_string(), "retry does not exist: deploy the stack again");
    assert_eq!((bank.cloud.hidden(), bank.cloud.state().changes.len()), (0, 0));
    assert!(bank.journal().await.is_empty());
}

#[tokio::test]
async fn a_note_of_lambda_is_followed_to_the_end_of_the_store_and_then_deleted() {
    let bank = Bank::agreed();
    bank.cloud.bury("stream-dlq", &note(), &[]);
    let next = json!({"from": "f", "to": "t", "progress": 1});
    bank.cloud.state().answers =
        vec![json!({"pointers": 2, "next": next}), json!({"pointers": 3, "next": null})];
    redrive(&bank.desk, &of("stream"), 50).await.unwrap();
    assert!(bank.cloud.bodies("stream-dlq").is_empty());
    let invoked = bank.cloud.state().changes[1].clone();
    assert_eq!(invoked, format!("invoke bank-publisher:live {}", json!({ "republish": next })));
    assert_eq!(
        bank.lines.0.lock().unwrap().last().unwrap(),
        "call 2: 5 commits to publish again so far"
    );
}

#[tokio::test]
async fn a_publisher_that_makes_no_progress_keeps_the_note() {
    let bank = Bank::agreed();
    bank.cloud.bury("stream-dlq", &note(), &[]);
    let stuck =
        json!({"pointers": 0, "next": {"from": "f"}, "stopped": "the event store is broken"});
    bank.cloud.state().answers = vec![stuck.clone(), stuck];
    let failure = redrive(&bank.desk, &of("stream"), 50).await.unwrap_err();
    assert!(
        failure.to_string().contains("the publisher stopped: the event store is broken"),
        "{failure}"
    );
    assert_eq!((bank.cloud.bodies("stream-dlq").len(), bank.cloud.hidden()), (1, 0));
}

#[tokio::test]
async fn a_discard_deletes_only_what_the_filter_takes_and_is_recorded_without_payloads_s17() {
    let bank = Bank::agreed();
    graveyard(&bank).await;
    let filter = Filter { reason: Some("no key".to_owned()), ..of("publisher") };
    discard(&bank.desk, &filter).await.unwrap();
    assert_eq!(bank.cloud.bodies("publisher-dlq"), [pointer()]);
    let journal = bank.journal().await;
    assert_eq!(journal.len(), 1);
    assert_eq!(journal[0].who, "arn:aws:iam::1:user/ann");
    assert_eq!(journal[0].why, "a test");
    assert_eq!(journal[0].what, "dlq discard: message publisher-dlq-1");
    assert_eq!(journal[0].outcome, "deleted 1");
    assert_eq!(bank.cloud.hidden(), 0);
}

#[tokio::test]
async fn a_dry_discard_deletes_nothing() {
    let bank = Bank::new();
    graveyard(&bank).await;
    let report = discard(&bank.desk, &Filter::default()).await.unwrap();
    assert!(report.text(false).contains("nothing was changed"));
    assert_eq!((bank.cloud.hidden(), bank.cloud.state().changes.len()), (0, 0));
}
