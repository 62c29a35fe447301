//! The metrics of the rebuild function.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Source,
    generations::{Plan, RebuildQueue, Rebuilder, Segment, Step, generations_of, take},
};
use dekigoto_lambda::rebuild;
use order_service::service;
use serde_json::Value;

use crate::{
    journey::{Journey, queue_batch},
    log::Log,
    support::{Functions, ORDER_SUMMARY},
};

/// No segment is handed on in the time of these tests.
struct NoQueue;

#[async_trait]
impl RebuildQueue for NoQueue {
    async fn put(&self, segment: &Segment) -> Result<(), Source> {
        Err(format!("{segment:?} was handed on").into())
    }
}

/// Invokes the rebuild function with one message.
async fn invoke(world: &Functions, body: &str) {
    let rebuilder = Rebuilder {
        views: service().views().to_vec(),
        history: Arc::new(world.store.clone()),
        ports: world.ports(),
        queue: Arc::new(NoQueue),
        parking: Arc::new(world.parking.clone()),
    };
    let invocation = world.invocation(Duration::from_secs(60), &queue_batch(body));
    rebuild(rebuilder, invocation).await.unwrap();
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
