use dekigoto::{Pointer, Target};
use serde_json::json;

use crate::{
    commands::{Again, republish},
    failure::Kind,
    fake::Bank,
};

fn stream(name: &str) -> Again {
    Again::Stream(name.to_owned())
}

#[tokio::test]
async fn a_stream_is_published_again_through_the_retry_queue_to_the_wanted_target() {
    let bank = Bank::agreed();
    bank.deposit("a", &[10, 20]).await;
    republish(&bank.desk, &stream("Account#a"), &[Target::Bus]).await.unwrap();
    let pointers: Vec<Pointer> =
        bank.cloud.bodies("retry").iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let ordinals: Vec<u64> = pointers.iter().map(|it| it.ordinal.get()).collect();
    assert_eq!(ordinals, [1, 2]);
    assert!(pointers.iter().all(|it| it.targets == [Target::Bus].into()));
    assert_eq!(bank.journal().await[0].outcome, "sent 2 pointers");
}

#[tokio::test]
async fn a_long_stream_is_published_again_whole() {
    let bank = Bank::agreed();
    bank.deposit("a", &[1; 1101]).await;
    republish(&bank.desk, &stream("Account#a"), &[Target::Bus]).await.unwrap();
    assert_eq!(bank.cloud.bodies("retry").len(), 1101);
}

#[tokio::test]
async fn a_time_window_is_published_again_call_by_call() {
    let bank = Bank::agreed();
    let (from, to) =
        ("2026-11-25T09:00:00Z".parse().unwrap(), "2026-11-25T10:00:00Z".parse().unwrap());
    let next = json!({"from": from, "to": to, "progress": "half"});
    bank.cloud.state().answers =
        vec![json!({"pointers": 5, "next": next}), json!({"pointers": 1, "next": null})];
    let report = republish(&bank.desk, &Again::Window { from, to }, &[]).await.unwrap();
    assert_eq!(report.json()["pointers"], 6);
    assert_eq!(bank.cloud.state().changes.len(), 2);
}

#[tokio::test]
async fn a_dry_republish_changes_nothing() {
    let bank = Bank::new();
    bank.deposit("a", &[10, 20]).await;
    let report = republish(&bank.desk, &stream("Account#a"), &[Target::Topic]).await.unwrap();
    assert!(report.text(false).contains("2 commits of Account#a would be published again"));
    assert!(bank.cloud.state().changes.is_empty());
}

#[tokio::test]
async fn what_cannot_be_published_again_is_refused_before_anything_is_sent() {
    let bank = Bank::agreed();
    let later = "2026-11-25T10:00:00Z".parse().unwrap();
    let empty = Again::Window { from: later, to: later };
    for (again, kind) in [
        (stream("Account#b"), Kind::NotFound),
        (stream("b"), Kind::Argument),
        (empty, Kind::Argument),
    ] {
        assert_eq!(republish(&bank.desk, &again, &[]).await.unwrap_err().kind, kind, "{again:?}");
    }
    bank.deposit("a", &[10]).await;
    bank.cloud.state().queues.remove("retry");
    let gone = republish(&bank.desk, &stream("Account#a"), &[Target::Bus]).await.unwrap_err();
    assert_eq!(gone.kind, Kind::NotFound);
    assert!(bank.cloud.state().changes.is_empty());
}
