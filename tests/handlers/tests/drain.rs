//! The relay of an outbox, which a schedule invokes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use dekigoto::{
    EventStore as _, Host as _, Source,
    memory::{InMemoryEventBus, MemoryOutbox},
    outbox::{Leased, Order, Outbox},
};
use dekigoto_lambda::{DRAIN_TIME, drain, stream};
use dekigoto_testkit::{Wrapped, WrapsOutbox};
use order_service::service;
use serde_json::{Value, json};

use crate::support::{Functions, sample};

/// An outbox that does not answer the first leases.
struct Outage(MemoryOutbox, AtomicU32);

#[async_trait::async_trait]
impl WrapsOutbox for Outage {
    fn inner(&self) -> &dyn Outbox {
        &self.0
    }

    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        let left = self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        if left.is_ok() { Err("no answer".into()) } else { self.0.lease(limit, time, order).await }
    }
}

/// The history of the sample stream in the store, and in an outbox that does not answer so often.
async fn stored(outages: u32) -> (Functions, Arc<Wrapped<Outage>>) {
    let world = Functions::default();
    let outbox = MemoryOutbox::of(&world.store, Arc::new(world.host.clone()));
    for record in sample("publisher-stream.json")["Records"].as_array().unwrap() {
        world.store.append(&stream::commit(&record.to_string()).unwrap()).await.unwrap();
    }
    (world, Arc::new(Wrapped(Outage(outbox, AtomicU32::new(outages)))))
}

/// Invokes the function. Returns its answer, how many messages the topic got, and how long it took.
async fn drained(
    (world, outbox): &(Functions, Arc<Wrapped<Outage>>),
    time: Duration,
    event: Value,
) -> (Result<Value, String>, usize, Duration) {
    let topic = InMemoryEventBus::new();
    let (inbox, handler) = InMemoryEventBus::inbox();
    topic.subscribe(None, handler);
    let bus = Arc::new(InMemoryEventBus::new());
    let relay = world.relay(service().announcements(), Arc::new(topic), bus);
    let began = world.host.monotonic();
    let answer =
        drain(relay, outbox.clone(), Order::PerStream, world.invocation(time, &event)).await;
    let answer = answer.map(|it| serde_json::to_value(it).unwrap());
    let sent = inbox.lock().unwrap().len();
    (answer.map_err(|cause| cause.to_string()), sent, world.host.monotonic() - began)
}

const MINUTE: Duration = Duration::from_secs(70);

#[tokio::test]
async fn a_tick_publishes_the_outbox_and_waits_for_more_until_the_next_tick() {
    let stored = stored(0).await;
    let commits = stored.0.store.dump().len();
    let (answer, sent, took) = drained(&stored, MINUTE, json!({ "drain": true })).await;
    let all = json!({ "published": commits, "retried": 0, "parked": 0, "waiting": 0 });
    assert_eq!(answer, Ok(all));
    assert!(commits > 0 && sent >= commits, "{sent}");
    assert!(took <= DRAIN_TIME && took > DRAIN_TIME - Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_tick_ends_before_its_invocation_does() {
    let stored = stored(0).await;
    let time = Duration::from_secs(20);
    let (answer, _, took) = drained(&stored, time, json!({ "drain": true })).await;
    assert!(answer.is_ok() && took < time, "{took:?}");
}

#[tokio::test]
async fn an_outbox_that_answers_again_is_drained_and_one_that_does_not_is_an_error() {
    let stored_here = stored(3).await;
    let (answer, sent, _) = drained(&stored_here, MINUTE, json!({ "drain": true })).await;
    assert!(answer.is_ok() && sent > 0, "{answer:?}");
    let stored_here = stored(1_000).await;
    let (answer, sent, _) = drained(&stored_here, MINUTE, json!({ "drain": true })).await;
    assert_eq!((answer, sent), (Err("no answer".to_owned()), 0));
}

#[tokio::test]
async fn what_is_no_tick_publishes_nothing() {
    let stored = stored(0).await;
    for event in [json!({}), json!({ "drain": false }), json!({ "Records": [] })] {
        let (answer, sent, _) = drained(&stored, MINUTE, event).await;
        assert!(answer.unwrap_err().contains("its schedule") && sent == 0);
    }
}
