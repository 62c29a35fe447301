use std::{sync::Arc, time::Duration};

use dekigoto::{
    Source, Timestamp, ViewStore as _,
    batch::Delivered,
    generations::{
        DROP_AFTER, Despite, Generation, Plan, RebuildQueue, Rebuilder, RowsOf, Segment, Step,
        generations_of,
    },
    memory::{MemoryParking, MemoryRetryQueue},
    sweep::{Sweep, SweepQueue, Sweeper},
    views::Extent,
};
use serde_json::json;

use crate::{
    commands::{Rebuild, drop_generation, generations, make_live, rebuild, verify},
    dlq,
    failure::Kind,
    fake::Bank,
};

const PLAN: Plan = Plan { segments: 3, commits_per_second_max: None };
const BEGIN: Rebuild = Rebuild::Begin { plan: PLAN, is_detached: true };
const SWITCH: Step = Step::Switch(Despite::Nothing);

struct NoQueue;

#[async_trait::async_trait]
impl RebuildQueue for NoQueue {
    async fn put(&self, _: &Segment) -> Result<(), Source> {
        Ok(())
    }
}

#[async_trait::async_trait]
impl SweepQueue for NoQueue {
    async fn put(&self, _: &Sweep) -> Result<(), Source> {
        Ok(())
    }
}

/// What the rebuild function does with the messages in its queue.
async fn work(bank: &Bank) {
    let rebuilder = Rebuilder {
        views: bank.desk.service.views().to_vec(),
        history: Arc::clone(&bank.desk.history),
        ports: bank.desk.ports.clone(),
        queue: Arc::new(NoQueue),
        parking: Arc::new(MemoryParking::default()),
    };
    let bodies = bank.cloud.bodies("rebuild");
    let messages = bodies.into_iter().enumerate();
    let messages = messages.map(|(id, record)| Delivered { id: id.to_string(), record }).collect();
    let report = rebuilder.take(messages, &|| Duration::from_secs(60)).await;
    assert!(report.failed.is_empty(), "{report:?}");
    bank.cloud.state().queues.insert("rebuild".to_owned(), Vec::new());
}

async fn live(bank: &Bank) -> u32 {
    generations_of(&bank.views, "balances").await.unwrap().live.get()
}

#[tokio::test]
async fn a_view_is_rebuilt_verified_switched_to_rolled_back_and_the_old_generation_is_dropped() {
    for view in ["balances", "money-moved"] {
        let bank = Bank::agreed();
        let events = bank.deposit("a", &[100, 200, 50]).await;
        bank.project(view, &events).await;
        let begun = rebuild(&bank.desk, view, BEGIN).await.unwrap().text(false);
        assert!(begun.contains("generation 2 of"), "{begun}");
        assert_eq!(bank.cloud.bodies("rebuild").len(), 3);
        work(&bank).await;
        let watched = rebuild(&bank.desk, view, Rebuild::Watch).await.unwrap().text(false);
        assert!(watched.contains("is built: 3 commits"), "{watched}");
        let second = "2".parse().ok();
        let verified = verify(&bank.desk, view, second, Extent::Everything).await.unwrap();
        assert!(!verified.needs_attention(), "{}", verified.text(false));
        assert_eq!(verified.json()["waiting"], 0);
        make_live(&bank.desk, view, SWITCH).await.unwrap();
        make_live(&bank.desk, view, Step::RollBack).await.unwrap();
        make_live(&bank.desk, view, SWITCH).await.unwrap();
        let text = generations(&bank.desk).await.unwrap().text(false);
        assert!(text.contains(&format!("`dekigoto rollback {view}` leads back")), "{text}");
        bank.host.advance(DROP_AFTER);
        let dropped = drop_generation(&bank.desk, view).await.unwrap();
        assert!(dropped.text(false).contains("generation 1 of"), "{}", dropped.text(false));
        let old = RowsOf::generation(view, Generation::FIRST);
        assert!(!bank.views.dump().iter().any(|row| old.holds(&row.key.partition)));
        let verified = verify(&bank.desk, view, None, Extent::Everything).await.unwrap();
        assert!(!verified.needs_attention(), "{}", verified.text(false));
        let journal = bank.journal().await;
        assert_eq!(journal.len(), 5, "{journal:?}");
        assert!(journal.iter().all(|it| it.who == "arn:aws:iam::1:user/ann" && it.why == "a test"));
    }
}

#[tokio::test]
async fn a_dry_command_says_what_it_would_do_and_changes_nothing() {
    let mut bank = Bank::agreed();
    rebuild(&bank.desk, "money-moved", BEGIN).await.unwrap();
    work(&bank).await;
    bank.desk.consent = crate::desk::Consent::Dry;
    let (rows, changes) = (bank.views.dump(), bank.cloud.state().changes.len());
    for (report, text) in [
        (
            rebuild(&bank.desk, "balances", BEGIN).await,
            "generation 2 of balances would be built in 3 segments",
        ),
        (rebuild(&bank.desk, "money-moved", Rebuild::Resume).await, "0 segments would be sent"),
        (
            make_live(&bank.desk, "money-moved", SWITCH).await,
            "generation 2 of money-moved would be live",
        ),
        (
            drop_generation(&bank.desk, "money-moved").await,
            "generation 2 of money-moved would be deleted",
        ),
    ] {
        let report = report.unwrap().text(false);
        assert!(
            report.contains(text) && report.contains("nothing was changed; add --yes"),
            "{report}"
        );
    }
    assert_eq!((bank.views.dump(), bank.cloud.state().changes.len()), (rows, changes));
}

#[tokio::test]
async fn a_step_at_the_wrong_time_is_refused_in_one_sentence_that_says_what_to_do() {
    let bank = Bank::agreed();
    bank.deposit("a", &[100]).await;
    let refused = |failure: crate::failure::Failure, text: &str| {
        let (kind, failure) = (failure.kind, failure.to_string());
        assert!(failure.contains(text) && !failure.contains('\n'), "{failure}");
        assert!(kind == Kind::Refused || kind == Kind::Argument);
    };
    refused(
        rebuild(&bank.desk, "balance", BEGIN).await.unwrap_err(),
        "choose one of balances, money-moved",
    );
    refused(
        rebuild(&bank.desk, "balances", Rebuild::Watch).await.unwrap_err(),
        "no rebuild of balances is under way",
    );
    refused(
        make_live(&bank.desk, "balances", SWITCH).await.unwrap_err(),
        "build another one with `dekigoto rebuild balances`",
    );
    rebuild(&bank.desk, "balances", BEGIN).await.unwrap();
    let (rows, queued) = (bank.views.dump(), bank.cloud.bodies("rebuild").len());
    refused(
        rebuild(&bank.desk, "balances", BEGIN).await.unwrap_err(),
        "is being built since 2026-11-25T12:00:00.000Z: watch it",
    );
    refused(
        make_live(&bank.desk, "balances", SWITCH).await.unwrap_err(),
        "unfinished (0 of 3 segments): wait",
    );
    refused(
        make_live(&bank.desk, "balances", Step::RollBack).await.unwrap_err(),
        "nothing to roll back",
    );
    let third = "3".parse().ok();
    refused(
        verify(&bank.desk, "balances", third, Extent::Everything).await.unwrap_err(),
        "has no generation 3",
    );
    assert_eq!(
        (bank.views.dump(), bank.cloud.bodies("rebuild").len()),
        (rows, queued),
        "half done"
    );
    work(&bank).await;
    make_live(&bank.desk, "balances", SWITCH).await.unwrap();
    refused(
        rebuild(&bank.desk, "balances", BEGIN).await.unwrap_err(),
        "delete it with `dekigoto drop balances`",
    );
    refused(drop_generation(&bank.desk, "balances").await.unwrap_err(), "repeat the command in 6");
    assert_eq!(live(&bank).await, 2);
}

#[tokio::test]
async fn a_rebuild_whose_queue_is_gone_is_refused_before_anything_is_changed() {
    let bank = Bank::agreed();
    bank.cloud.state().queues.remove("rebuild");
    let text = rebuild(&bank.desk, "balances", BEGIN).await.unwrap_err().to_string();
    assert_eq!(text, "rebuild does not exist: deploy the stack again");
    assert!(bank.views.dump().is_empty(), "half done");
}

#[tokio::test]
async fn a_rebuild_that_was_cut_off_or_lost_its_messages_is_resumed() {
    let bank = Bank::agreed();
    bank.deposit("a", &[100, 200]).await;
    bank.cloud.state().fails = vec![("send rebuild".to_owned(), 1)];
    let failed = rebuild(&bank.desk, "balances", BEGIN).await.unwrap_err();
    assert_eq!(failed.to_string(), "AWS is gone: try again");
    assert!(bank.journal().await[0].outcome.starts_with("failed: AWS is gone"));
    bank.cloud.state().fails.clear();
    work(&bank).await;
    let stalled = rebuild(&bank.desk, "balances", Rebuild::Watch).await.unwrap_err().to_string();
    assert!(stalled.contains("`dekigoto rebuild balances --resume`"), "{stalled}");
    assert!(
        bank.lines
            .0
            .lock()
            .unwrap()
            .iter()
            .any(|it| it.starts_with("[####") && it.contains("1 of 3 segments"))
    );
    rebuild(&bank.desk, "balances", Rebuild::Resume).await.unwrap();
    assert_eq!(bank.cloud.bodies("rebuild").len(), 2, "the finished segment is not sent");
    work(&bank).await;
    make_live(&bank.desk, "balances", SWITCH).await.unwrap();
    let verified = verify(&bank.desk, "balances", None, Extent::Everything).await.unwrap();
    assert!(!verified.needs_attention() && verified.json()["waiting"] == 0);
}

#[tokio::test]
async fn a_drop_that_was_cut_off_is_repeated() {
    let bank = Bank::agreed();
    let events = bank.deposit("a", &[100]).await;
    bank.project("balances", &events).await;
    rebuild(&bank.desk, "balances", BEGIN).await.unwrap();
    let (desk, now) = (&bank.desk, bank.desk.now());
    dekigoto::generations::take(&*desk.ports.views, "balances", Step::Drop, now).await.unwrap();
    // The messages of the rebuild that was given up do nothing.
    work(&bank).await;
    drop_generation(&bank.desk, "balances").await.unwrap();
    assert!(!bank.views.dump().iter().any(|row| row.key.partition.starts_with("balances@2/")));
    let rows = bank.views.read(&[dekigoto::RowKey::only("balances", "a")]).await.unwrap();
    assert!(rows[0].is_some(), "the live row is gone");
    assert_eq!(live(&bank).await, 1);
}

#[tokio::test]
async fn a_dead_segment_goes_back_to_the_rebuild_queue() {
    let bank = Bank::agreed();
    let segment = Segment::all("balances", "2".parse().unwrap(), 1).next().unwrap();
    bank.cloud.bury("rebuild-dlq", &segment.text(), &[("reason", "the store does not answer")]);
    dlq::redrive(&bank.desk, &dlq::Filter::default(), 50).await.unwrap();
    assert_eq!(bank.cloud.bodies("rebuild"), [segment.text()]);
}

/// A sweeper over the bank's stores, as the rebuild function has it. Nothing of its part is handed on.
async fn sweep(bank: &Bank) -> (MemoryRetryQueue, usize) {
    let retry = MemoryRetryQueue::default();
    let sweeper = Sweeper {
        views: bank.desk.service.views().to_vec(),
        history: Arc::clone(&bank.desk.history),
        ports: bank.desk.ports.clone(),
        retry: Arc::new(retry.clone()),
        queue: Arc::new(NoQueue),
        parking: Arc::new(MemoryParking::default()),
        grace: Duration::ZERO,
    };
    let bodies = bank.cloud.bodies("rebuild");
    let parts = bodies.iter().enumerate().map(|(id, body)| Delivered {
        id: id.to_string(),
        record: Sweep::from_text(body).unwrap(),
    });
    let report = sweeper.take(parts.collect(), || Duration::from_secs(60)).await;
    (retry, report.tally.applied)
}

/// Dead because the sweeper parked it, or because SQS gave up on it after its last delivery.
#[tokio::test]
async fn a_dead_part_of_a_sweep_goes_back_to_the_rebuild_queue_and_is_worked_on_l5() {
    for attributes in [&[("reason", "10000 commits of one segment have no stream record")][..], &[]]
    {
        let bank = Bank::agreed();
        // No message brings them to the view.
        bank.deposit("a", &[100, 200]).await;
        let end = "2100-01-01T00:00:00.000Z".parse().unwrap();
        let all = Sweep::all(end, Duration::ZERO);
        let parts: Vec<Sweep> = all.map(|it| Sweep { from: Timestamp::EPOCH, ..it }).collect();
        for part in &parts {
            bank.cloud.bury("rebuild-dlq", &part.text(), attributes);
        }
        let report = dlq::redrive(&bank.desk, &dlq::Filter::default(), 50).await.unwrap();
        let text = report.text(false);
        assert!(text.contains("to rebuild"), "{text}");
        assert!(!report.needs_attention(), "{text}");
        let (sent, moving) = if attributes.is_empty() { (0, 4) } else { (4, 0) };
        assert_eq!(
            (&report.json()["sent"], &report.json()["moving"]),
            (&json!(sent), &json!(moving))
        );
        if attributes.is_empty() {
            let moved = ["move arn:rebuild-dlq arn:rebuild"];
            assert_eq!(bank.cloud.state().changes, moved, "SQS knows where they came from");
            continue;
        }
        let bodies: Vec<String> = parts.iter().map(Sweep::text).collect();
        assert_eq!(bank.cloud.bodies("rebuild"), bodies);
        assert!(bank.cloud.bodies("rebuild-dlq").is_empty());
        let (retry, worked) = sweep(&bank).await;
        assert_eq!((worked, retry.drain().len()), (4, 2));
    }
}

#[tokio::test]
async fn what_is_no_part_of_a_sweep_or_rebuild_has_no_way_back() {
    for body in [r#"{"sweep":true}"#, r#"{"sweep":{"segment":4,"ofSegments":4}}"#, "{}"] {
        let bank = Bank::agreed();
        bank.cloud.bury("rebuild-dlq", body, &[("reason", "the message is no segment")]);
        let report = dlq::redrive(&bank.desk, &dlq::Filter::default(), 50).await.unwrap();
        assert!(report.needs_attention() && report.json()["left"] == 1, "{body}");
        assert!(bank.cloud.bodies("rebuild").is_empty(), "{body}");
    }
}
