//! Each metric counts its situation: those that the usual life of an order does not write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, Context, Engine, EventStore, Expect, Host as _, ReadError, ReadFrom,
    StreamId, measure,
    memory::{MemoryDeadlineQueue, MemoryStore},
    policies::{ProcessManager, Ticker},
};
use dekigoto_lambda::{http::AuthMode, relay, run_policy};
use dekigoto_testkit::{Down, still_host};
use order_service::service;
use orders::{
    OrderId,
    order::{ConfirmOrder, Funds, Order, OrderCommand},
    samples,
};
use serde_json::{Value, json};

use crate::{
    journey::{Journey, queue_batch, stream_batch},
    log::Log,
    support::{Functions, ORDER_SUMMARY, sample},
};

/// The sum of a metric over all lines, of a time or a count.
fn sum(log: &Log, metric: &str) -> i64 {
    let text = log.text();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line[metric].as_i64()).sum()
}

fn a_basket() -> Value {
    json!({"customerId": "c-42", "currency": "JPY",
           "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]})
}

#[tokio::test]
async fn a_command_is_accepted_answered_again_or_refused() {
    let (log, mut journey) = (Log::start(), Journey::default());
    for _ in 0..2 {
        let answer = journey.world.api(AuthMode::Iam, &sample("api-place-order.json")).await;
        assert_eq!(answer.0, 201);
        // So that the second command is not the very same commit.
        journey.world.sleep(Duration::from_secs(1)).await;
    }
    assert_eq!((sum(&log, "CommandAccepted"), sum(&log, "FirstAnswerAgain")), (1, 1));
    let order = journey.command("/v1/orders".to_owned(), &a_basket(), 201).await;
    let ship = format!("/v1/orders/{}/ship", order["orderId"].as_str().unwrap());
    let body = json!({"carrier": "DHL", "trackingNumber": "0034"});
    journey.command(ship, &body, 409).await;
    assert_eq!(sum(&log, "CommandRefused"), 1);
}

/// Lets another command win before the first append.
struct Raced {
    store: MemoryStore,
    order: OrderId,
    was_raced: AtomicBool,
}

#[async_trait]
impl EventStore for Raced {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        if !self.was_raced.swap(true, Ordering::Relaxed) {
            let engine = Engine::new(Arc::new(self.store.clone()), Arc::new(still_host()));
            let confirm = OrderCommand::ConfirmOrder(ConfirmOrder { funds: Funds::OnAccount });
            let context = context("winner");
            let won = engine.execute::<Order>(&self.order, confirm, &context, Expect::Anything);
            won.await.unwrap();
        }
        self.store.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.store.read(stream, from, limit).await
    }
}

fn context(key: &str) -> Context {
    Context::new(still_host().now(), key.to_owned().try_into().unwrap(), "shop")
}

#[tokio::test]
async fn a_lost_race_is_a_conflict_and_another_decision() {
    let (log, store, order) = (Log::start(), MemoryStore::new(), samples::order_id());
    let engine = Engine::new(Arc::new(store.clone()), Arc::new(still_host()));
    let place = OrderCommand::PlaceOrder(samples::place());
    engine.create::<Order>(&order, place, &context("place")).await.unwrap();
    let raced = Raced { store, order, was_raced: AtomicBool::new(false) };
    let engine = Engine::new(Arc::new(raced), Arc::new(still_host()));
    let cancel = OrderCommand::CancelOrder(samples::cancel());
    engine.execute::<Order>(&order, cancel, &context("c"), Expect::Anything).await.unwrap();
    measure::end(still_host().now());
    let counted = ["Conflicts", "Decisions", "CommandAccepted"].map(|it| sum(&log, it));
    assert_eq!(counted, [1, 4, 3], "the loser decides twice");
}

#[tokio::test]
async fn what_cannot_be_published_is_a_pointer() {
    let (log, world) = (Log::start(), Functions::with_history());
    let commit = world.stored_commits().await.remove(0);
    let publisher = world.relay(service().announcements(), Arc::new(Down), Arc::new(Down));
    let invocation = world.invocation(Duration::from_secs(30), &stream_batch(&[commit]));
    relay(publisher, invocation).await.unwrap();
    assert_eq!((sum(&log, "PointersPut"), world.retry.drain().len()), (1, 1));
}

#[tokio::test]
async fn a_message_is_a_duplicate_closes_a_gap_or_is_retried() {
    let (log, journey) = (Log::start(), Journey::of_one_order().await);
    let messages = journey.sent.0.iter();
    let of_order: Vec<_> = messages.filter(|it| it.kind.starts_with("Order")).collect();
    let failed = journey.world.projector(ORDER_SUMMARY, &queue_batch(&[&of_order[0].body])).await;
    assert_eq!((failed, sum(&log, "Duplicate")), (Ok(Vec::new()), 1));
    // The same history, whose first message never came.
    let late = Functions::default();
    for commit in journey.world.store.dump() {
        late.store.put_raw(commit);
    }
    let failed = late.projector(ORDER_SUMMARY, &queue_batch(&[&of_order[1].body])).await;
    assert_eq!((failed, sum(&log, "GapRepaired")), (Ok(Vec::new()), 1));
    let last = queue_batch(&[&of_order[2].body]);
    let slow = late.projector_within(Duration::ZERO, ORDER_SUMMARY, &last).await;
    assert_eq!((slow.unwrap().len(), sum(&log, "Retried")), (1, 1));
}

#[tokio::test]
async fn a_deadline_is_due_and_is_handled_late() {
    let (log, mut journey) = (Log::start(), Journey::default());
    journey.command("/v1/orders".to_owned(), &a_basket(), 201).await;
    journey.world.sleep(Duration::from_mins(31)).await;
    let (ports, queue) = (journey.world.ports(), MemoryDeadlineQueue::default());
    let policy = async |event: &Value| {
        let ticker = Ticker {
            policy: "fulfilment",
            views: ports.views.clone(),
            queue: Arc::new(queue.clone()),
            host: ports.host.clone(),
        };
        let parking = Arc::new(journey.world.parking.clone());
        let policy = service().policy_named("fulfilment").unwrap();
        let manager = ProcessManager::of(policy, ports.clone(), parking);
        let invocation = journey.world.invocation(Duration::from_secs(30), event);
        run_policy(manager, ticker, invocation).await.unwrap();
    };
    policy(&json!({ "tick": true })).await;
    let due = queue.drain();
    assert_eq!((due.len(), sum(&log, "DeadlinesDue")), (1, 1));
    policy(&queue_batch(&[&due[0].text()])).await;
    assert_eq!(sum(&log, "DeadlineLateMs"), 60_000, "one minute after the thirty to pay");
}
