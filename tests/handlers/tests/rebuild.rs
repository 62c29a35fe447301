//! The rebuild function: its metrics, and the sweeper that it runs.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Source,
    generations::{Plan, RebuildQueue, Rebuilder, Segment, Step, generations_of, take},
    sweep::{Sweep, SweepQueue, Sweeper},
};
use dekigoto_lambda::{RebuildAnswer, http::AuthMode, rebuild};
use order_service::service;
use serde_json::{Value, json};

use crate::{
    journey::{Journey, queue_batch},
    log::Log,
    support::{Functions, ORDER_SUMMARY, sample},
};

/// No segment is handed on in the time of these tests.
struct NoQueue;

#[async_trait]
impl RebuildQueue for NoQueue {
    async fn put(&self, segment: &Segment) -> Result<(), Source> {
        Err(format!("{segment:?} was handed on").into())
    }
}

/// The queue of the schedule's messages.
#[async_trait]
impl SweepQueue for MemoryMessages {
    async fn put(&self, sweep: &Sweep) -> Result<(), Source> {
        self.0.lock().unwrap().push(sweep.text());
        Ok(())
    }
}

#[derive(Default)]
struct MemoryMessages(Mutex<Vec<String>>);

/// Invokes the rebuild function with one message.
async fn invoke(world: &Functions, body: &str) {
    invoke_with(world, &queue_batch(&[body]), &Arc::default()).await;
}

async fn invoke_with(
    world: &Functions,
    event: &Value,
    messages: &Arc<MemoryMessages>,
) -> RebuildAnswer {
    let sweeper = Sweeper {
        views: service().views().to_vec(),
        history: Arc::new(world.store.clone()),
        ports: world.ports(),
        retry: Arc::new(world.retry.clone()),
        queue: messages.clone(),
        parking: Arc::new(world.parking.clone()),
        // The journey is over in a moment.
        grace: Duration::ZERO,
    };
    let rebuilder = Rebuilder {
        views: service().views().to_vec(),
        history: Arc::new(world.store.clone()),
        ports: world.ports(),
        queue: Arc::new(NoQueue),
        parking: Arc::new(world.parking.clone()),
    };
    let invocation = world.invocation(Duration::from_secs(60), event);
    rebuild(rebuilder, sweeper, invocation).await.unwrap()
}

#[tokio::test]
async fn a_rebuild_counts_its_commits_apart_from_the_publisher() {
    let world = Journey::of_one_order().await.world;
    let views = world.ports().views;
    let plan = Plan { segments: 1, commits_per_second_max: None };
    take(&*views, ORDER_SUMMARY, Step::Begin(plan), "2026-11-23T09:00:00.000Z".parse().unwrap())
        .await
        .unwrap();
    let next = generations_of(&*views, ORDER_SUMMARY).await.unwrap().beside.unwrap().generation;
    let log = Log::start();
    for segment in Segment::all(ORDER_SUMMARY, next, 1) {
        invoke(&world, &segment.text()).await;
        // Delivered again: nothing is left to rebuild.
        invoke(&world, &segment.text()).await;
    }
    invoke(&world, "no segment").await;
    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_rebuild = |metric: &str| -> i64 {
        let lines = lines.iter().filter(|line| line["part"] == "rebuild");
        lines.filter_map(|line| line[metric].as_i64()).sum()
    };
    let commits = i64::try_from(world.store.dump().len()).unwrap();
    assert_eq!(of_rebuild("RebuildCommits"), commits, "{text}");
    assert_eq!((of_rebuild("Applied"), of_rebuild("Duplicate")), (1, 1), "{text}");
    assert_eq!(of_rebuild("Parked"), 1, "{text}");
    // The alarm of the publisher reads what has no part.
    assert!(
        lines.iter().all(|line| line["Parked"].is_null() || line["part"] == "rebuild"),
        "{text}"
    );
}

#[tokio::test]
async fn the_schedule_begins_a_sweep_that_publishes_a_commit_whose_stream_record_was_lost_l1() {
    let log = Log::start();
    let world = Journey::of_one_order().await.world;
    // Nobody delivers the stream record of this order.
    let mut event = sample("api-place-order.json");
    event["headers"]["idempotency-key"] = json!("lost");
    let (_, lost) = world.api(AuthMode::Iam, &event).await;
    world.host.advance(Duration::from_secs(60));
    let messages = Arc::default();
    invoke_with(&world, &json!({ "sweep": true }), &messages).await;
    let messages = messages.0.lock().unwrap().clone();
    assert!(!log.text().contains("SweptSegments"), "a sweep that has begun has finished nothing");
    for message in &messages {
        invoke(&world, message).await;
    }
    let text = log.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sum = |metric: &str| {
        let of_rebuild = lines.iter().filter(|line| line["part"] == "rebuild");
        of_rebuild.filter_map(|line| line[metric].as_u64()).sum::<u64>()
    };
    let commits = u64::try_from(world.store.dump().len()).unwrap();
    assert_eq!((messages.len(), sum("SweptCommits"), sum("LostCommits")), (4, commits, 1));
    assert_eq!(sum("SweptSegments"), 4, "the alarm on a missing sweep reads this");
    let pointers = world.retry.drain();
    assert_eq!(pointers.len(), 1, "{pointers:?}");
    assert_eq!(json!(pointers[0].stream.aggregate_id()), lost["orderId"]);
    assert!(text.contains("which the relay publishes now: 1"), "{text}");
}
