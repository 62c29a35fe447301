use std::time::Duration;

use dekigoto::{StoredCommit, ViewStore as _, views::Extent};
use serde_json::{Value, json};

use crate::{
    commands::{show, tail, trace, verify},
    fake::Bank,
    out::Shown,
};

#[tokio::test]
async fn a_trace_tells_which_views_lack_an_event() {
    let bank = Bank::new();
    let events = bank.deposit("a", &[10, 20]).await;
    bank.project("balances", &events).await;
    bank.project("money-moved", &events[..1]).await;
    let report = trace(&bank.desk, "a").await.unwrap();
    assert!(report.needs_attention());
    let views = |place: usize| report.json()["events"][place]["views"].clone();
    assert_eq!(views(0), json!({"balances": true, "money-moved": true}));
    assert_eq!(views(1), json!({"balances": true, "money-moved": false}));
    assert!(report.text(false).contains("not yet in money-moved"), "{}", report.text(false));
    bank.project("money-moved", &events[1..]).await;
    let report = trace(&bank.desk, "a").await.unwrap();
    assert!(!report.needs_attention() && report.text(false).contains("every view has every event"));
}

#[tokio::test]
async fn a_trace_of_an_unknown_id_says_so() {
    let text = trace(&Bank::new().desk, "zzz").await.unwrap_err().to_string();
    assert_eq!(text, "no Account has the id zzz: check the id and `--stack`");
}

#[tokio::test]
async fn a_stream_is_shown_with_its_state_at_a_version_and_masked_s17() {
    let mut bank = Bank::new();
    bank.deposit("a", &[4711, 4712, 30]).await;
    let report = show(&bank.desk, "Account#a", Some(2)).await.unwrap();
    assert_eq!(report.json()["events"].as_array().unwrap().len(), 2);
    assert_eq!(report.json()["state"], "<number>");
    assert!(!report.text(false).contains("471"), "{}", report.text(false));
    bank.desk.shown = Shown::Whole;
    let report = show(&bank.desk, "Account#a", Some(2)).await.unwrap();
    assert_eq!((&report.json()["state"], &report.json()["version"]), (&json!(9423), &json!(2)));
    let report = show(&bank.desk, "Account#a", None).await.unwrap();
    assert_eq!(report.json()["state"], 9453);
}

#[tokio::test]
async fn a_stream_of_1001_commits_is_shown_whole() {
    let mut bank = Bank::new();
    bank.deposit("a", &[1; 1001]).await;
    bank.desk.shown = Shown::Whole;
    let report = show(&bank.desk, "Account#a", None).await.unwrap();
    assert_eq!((&report.json()["version"], &report.json()["state"]), (&json!(1001), &json!(1001)));
    assert_eq!(report.json()["cut"], json!([]));
    let at = show(&bank.desk, "Account#a", Some(1001)).await.unwrap();
    assert_eq!(at.json()["state"], 1001);
    let report = trace(&bank.desk, "a").await.unwrap();
    assert_eq!(report.json()["events"].as_array().unwrap().len(), 1001);
    assert_eq!(report.json()["cut"], json!([]));
}

#[tokio::test]
async fn a_wrong_stream_or_version_is_refused_in_one_sentence() {
    let bank = Bank::new();
    bank.deposit("a", &[10]).await;
    for (stream, at, text) in [
        (
            "Account",
            None,
            "\"Account\" names no stream: write it as Type#id, with a type of Account",
        ),
        (
            "Order#1",
            None,
            "there is no aggregate Order: write it as Type#id, with a type of Account",
        ),
        ("Account#b", None, "the stream Account#b does not exist: check the id and `--stack`"),
        ("Account#a", Some(2), "Account#a has no version 2: it ends at version 1"),
        ("Account#a", Some(0), "the stream Account#a does not exist: check the id and `--stack`"),
    ] {
        assert_eq!(show(&bank.desk, stream, at).await.unwrap_err().to_string(), text);
    }
}

/// DynamoDB's JSON of a stored commit.
fn image(commit: &StoredCommit) -> Value {
    let plain = serde_json::to_value(commit).unwrap();
    let typed = plain.as_object().unwrap().iter().map(|(name, value)| {
        let typed = match value {
            Value::Number(number) => json!({ "N": number.to_string() }),
            other => json!({ "S": other }),
        };
        (name.clone(), typed)
    });
    Value::Object(typed.collect())
}

#[tokio::test]
async fn tail_shows_events_as_they_are_committed_and_masks_them_s17() {
    let bank = Bank::new();
    bank.deposit("a", &[4711]).await;
    bank.cloud.state().images = bank.store.dump().iter().map(image).collect();
    bank.cloud.state().images.push(json!({"pk": {"S": "x"}}));
    let report = tail(&bank.desk, Duration::from_secs(3), false, false).await.unwrap();
    assert_eq!(report.json()["events"], 1);
    let lines = bank.lines.0.lock().unwrap().clone();
    assert!(lines[0].contains("Account#a  v1  Deposited  {\"cents\":\"<number>\"}"), "{lines:?}");
    assert!(lines[1].contains("not a commit") && !lines[0].contains("4711"), "{lines:?}");
}

#[tokio::test]
async fn verify_names_rows_that_differ_and_fails_the_command() {
    let bank = Bank::new();
    let events = bank.deposit("a", &[10, 20]).await;
    for view in ["balances", "money-moved"] {
        bank.project(view, &events).await;
        let report = verify(&bank.desk, view, None, Extent::Everything).await.unwrap();
        assert!(!report.needs_attention(), "{}", report.text(false));
    }
    let mut row =
        bank.views.dump().into_iter().find(|row| row.key.partition == "balances#a").unwrap();
    row.revision += 1;
    row.body = dekigoto::Payload::of(&json!({"watermarks": {"Account": 2}, "row": 31})).unwrap();
    bank.views.write(&[row]).await.unwrap();
    let report = verify(&bank.desk, "balances", None, Extent::Sample(10)).await.unwrap();
    assert!(report.needs_attention());
    assert!(
        report.text(false).contains("balances#a row  the row differs"),
        "{}",
        report.text(false)
    );
}

#[tokio::test]
async fn an_unknown_view_is_refused_and_the_known_ones_are_named() {
    let failure = verify(&Bank::new().desk, "balance", None, Extent::Everything).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "no view is called balance: choose one of balances, money-moved"
    );
}

#[tokio::test]
async fn the_rows_of_an_aggregate_are_shown_with_their_watermarks_and_masked() {
    let bank = Bank::new();
    let events = bank.deposit("a", &[100, 50]).await;
    for view in ["balances", "money-moved"] {
        bank.project(view, &events).await;
    }
    let report = crate::commands::rows(&bank.desk, "a").await.unwrap();
    let json = report.json();
    let views: Vec<&str> =
        json["rows"].as_array().unwrap().iter().map(|it| it["view"].as_str().unwrap()).collect();
    assert_eq!(views, ["balances", "money-moved"]);
    assert_eq!(json["rows"][0]["watermarks"], json!({ "Account": 2 }));
    assert!(json["rows"][0]["row"].to_string().contains("<number>"), "{json}");
    let failed = crate::commands::rows(&bank.desk, "nobody").await.unwrap_err();
    assert!(failed.to_string().starts_with("no aggregate has the id nobody"), "{failed}");
}
