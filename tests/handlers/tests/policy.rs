//! The policy function: batches of its queue, and ticks of its schedule.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    memory::MemoryDeadlineQueue,
    policies::{ProcessManager, Ticker},
};
use dekigoto_lambda::run_policy;
use order_service::service;
use serde_json::{Value, json};

use crate::support::{Functions, ORDER, sample};

/// Invokes the policy function.
async fn policy(world: &Functions, event: &Value) -> Result<Value, String> {
    let ports = world.ports();
    let ticker = Ticker {
        policy: "fulfilment",
        views: ports.views.clone(),
        queue: Arc::new(MemoryDeadlineQueue::default()),
        host: ports.host.clone(),
    };
    let policy = service().policy_named("fulfilment").unwrap();
    let manager = ProcessManager::of(policy, ports, Arc::new(world.parking.clone()));
    let invocation = world.invocation(Duration::from_secs(30), event);
    let answer = run_policy(manager, ticker, invocation).await;
    answer.map(|said| serde_json::to_value(said).unwrap()).map_err(|cause| cause.to_string())
}

fn started(world: &Functions) -> usize {
    let commits = world.store.dump();
    commits.iter().filter(|it| it.pk == format!("Fulfilment#{ORDER}") && it.sk == 1).count()
}

#[tokio::test]
async fn a_batch_starts_the_fulfilment_of_its_order_once_s9() {
    let world = Functions::with_history();
    for _ in 0..2 {
        let answer = policy(&world, &sample("projector-raw.json")).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(started(&world), 1);
}

#[tokio::test]
async fn an_event_that_the_store_does_not_have_is_delivered_again() {
    let world = Functions::default();
    let answer = policy(&world, &sample("projector-raw.json")).await.unwrap();
    assert!(!answer["batchItemFailures"].as_array().unwrap().is_empty(), "{answer}");
    assert_eq!(world.store.dump(), []);
}

#[tokio::test]
async fn a_tick_answers_how_many_processes_are_due() {
    let world = Functions::with_history();
    let answer = policy(&world, &json!({ "tick": true })).await;
    assert_eq!(answer, Ok(json!({ "queued": 0 })));
}

#[tokio::test]
async fn the_policy_function_refuses_everything_else() {
    let world = Functions::with_history();
    let mut without_id = sample("projector-raw.json");
    without_id["Records"][1]["messageId"] = Value::Null;
    for event in [
        json!({ "tick": false }),
        json!({ "tick": true, "more": 1 }),
        json!("tick"),
        without_id,
        sample("publisher-stream.json"),
    ] {
        assert!(policy(&world, &event).await.is_err(), "{event}");
    }
    assert_eq!(started(&world), 0);
}
