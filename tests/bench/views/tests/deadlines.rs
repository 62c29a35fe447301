//! 10,000 orders that must be paid by moments of one minute, and that nobody pays: how late the last one is cancelled. The
//! time of the commands is part of it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto::{
    Aggregate as _, Commit, Context, Envelope, EventSchema as _, EventStore as _, Fingerprint,
    Head, Host, Message, Ports, Timestamp, ViewStore as _,
    batch::Delivered,
    limits::ROWS_PER_CALL_MAX,
    memory::{ManualHost, MemoryDeadlineQueue, MemoryParking, MemoryStore, MemoryViews},
    policies::{AnyPolicy, DueProcess, ProcessManager, Ticker},
    views::Projector,
};
use dekigoto_dynamodb::{DynamoEventStore, DynamoViewStore};
use dekigoto_testkit::{SlowStore, SlowViews, VirtualHost};
use futures_util::future::{join_all, try_join_all};
use order_service::service;
use orders::{
    OrderId,
    fulfilment::{Fulfilment, PAYMENT_TIME},
    order::Order,
    samples::placed,
};

use crate::{
    engine,
    time::{CALL, Measured},
};

/// Deadlines of one minute.
const DUE: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

/// Deadlines on the embedded engine, where requests are counted. `DEADLINES` sets another number.
const COUNTED: usize = 200;

/// Requests of a deadline with its command: what was measured, and a share of the tick.
const REQUESTS_MAX: f64 = 8.0;

/// `BatchSize` and `MaximumConcurrency` of the policy's queue in the template.
const BATCH: usize = 10;
const INVOCATIONS: usize = 10;

/// No measurement runs into a time-out.
const TIMEOUT: Duration = Duration::from_secs(3600);

/// Orders that wait for their payment, with their processes.
struct Waiting {
    store: MemoryStore,
    views: MemoryViews,
}

impl Waiting {
    /// The orders are due one after the other in the minute that begins then.
    async fn until(begin: Timestamp, due: usize) -> Self {
        let (store, views) = (MemoryStore::new(), MemoryViews::new());
        let ports = Ports {
            store: Arc::new(store.clone()),
            views: Arc::new(views.clone()),
            host: Arc::new(ManualHost::starting_at(begin)),
        };
        let policy = Fulfilment::default();
        for place in 0..due {
            let event = placed_at(&store, place, moment(begin, place, due)).await;
            policy.on_event(&ports, &event).await;
        }
        let (service, parking) = (service(), Arc::new(MemoryParking::default()));
        let view = service.view_named("fulfilment").unwrap();
        let projector = Projector::of(view, ports, parking);
        let processes = store.dump().into_iter().filter(|it| it.pk.starts_with("Fulfilment#"));
        let events =
            processes.flat_map(|it| Commit::try_from(it).unwrap().envelopes().collect::<Vec<_>>());
        let messages: Vec<_> = events.map(|it| Message::of(&it).body).collect();
        for batch in messages.chunks(BATCH) {
            let report = projector.take(delivered(batch.to_vec()), || TIMEOUT).await;
            assert_eq!(report.tally.applied, batch.len());
        }
        Self { store, views }
    }
}

/// When the order with this number is due.
fn moment(begin: Timestamp, place: usize, due: usize) -> Timestamp {
    let within = MINUTE.as_millis() * u128::try_from(place).unwrap() / u128::try_from(due).unwrap();
    after(begin, Duration::from_millis(u64::try_from(within).unwrap()))
}

fn after(at: Timestamp, time: Duration) -> Timestamp {
    Timestamp::from_millis(at.as_millis() + i64::try_from(time.as_millis()).unwrap()).unwrap()
}

fn copy(of: &MemoryStore) -> MemoryStore {
    let store = MemoryStore::new();
    of.dump().into_iter().for_each(|item| store.put_raw(item));
    store
}

/// Stores an order whose payment is due then.
async fn placed_at(store: &MemoryStore, place: usize, due: Timestamp) -> Envelope {
    let id = OrderId::derive("bench", &format!("key-{place}").parse().unwrap());
    let at = due.as_millis() - i64::try_from(PAYMENT_TIME.as_millis()).unwrap();
    let at = Timestamp::from_millis(at).unwrap();
    let context = Context::new(at, "place".parse().unwrap(), "shop");
    let head = Head::empty(Order::stream(&id).unwrap());
    let events = vec![placed().encode().unwrap()];
    let commit = Commit::after(&head, events, context, Fingerprint::of(&[])).unwrap();
    store.append(&commit).await.unwrap();
    commit.envelopes().next().unwrap()
}

fn delivered(bodies: Vec<String>) -> Vec<Delivered<String>> {
    let numbered = bodies.into_iter().enumerate();
    numbered.map(|(id, record)| Delivered { id: format!("m{id}"), record }).collect()
}

/// One tick at the end of the minute, which is the least lucky moment for the first order. Then the queue is worked off.
async fn cancel_all(ports: &Ports, due: usize, batch: usize, invocations: usize) {
    let queue = MemoryDeadlineQueue::default();
    let ticker = Ticker {
        policy: "fulfilment",
        views: ports.views.clone(),
        queue: Arc::new(queue.clone()),
        host: ports.host.clone(),
    };
    let ticked = ticker.tick(|| TIMEOUT).await;
    assert!(ticked.is_complete());
    assert_eq!(ticked.queued, due);
    let waiting: Mutex<VecDeque<DueProcess>> = Mutex::new(queue.drain().into());
    let manager = ProcessManager::of(
        Arc::new(Fulfilment::default()),
        ports.clone(),
        Arc::new(MemoryParking::default()),
    );
    let next = || {
        let mut waiting = waiting.lock().unwrap();
        let count = batch.min(waiting.len());
        waiting.drain(..count).map(|due| due.text()).collect::<Vec<_>>()
    };
    let invocation = || async {
        loop {
            let bodies = next();
            if bodies.is_empty() {
                return;
            }
            let report = manager.take(delivered(bodies), || TIMEOUT).await;
            assert_eq!((report.tally.applied, report.failed.len()), (report.tally.total(), 0));
        }
    };
    join_all((0..invocations).map(|_| invocation())).await;
}

/// In virtual time, 10 ms a call: the seconds until the first order of the minute could be the last to be cancelled. Before:
/// one after the other.
pub(crate) async fn lateness() -> Measured {
    let begin = VirtualHost::default().now();
    let waiting = Waiting::until(begin, DUE).await;
    let take = |batch, invocations| {
        let host = VirtualHost::default();
        let store = Arc::new(copy(&waiting.store));
        let views = SlowViews::new(Arc::new(waiting.views.clone()), host.clone(), CALL);
        let store = SlowStore::new(store, host.clone(), CALL);
        let ports =
            Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(host.clone()) };
        let work = async {
            host.sleep(MINUTE).await;
            cancel_all(&ports, DUE, batch, invocations).await;
        };
        host.run(work).1.as_secs_f64()
    };
    Measured { before: take(1, 1), now: take(BATCH, INVOCATIONS) }
}

/// On the embedded engine. `DEADLINES=10000 cargo test -p view-costs deadlines -- --nocapture` also shows the time, which
/// in a debug build is that of the engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "measures real time, and reads a setting")]
async fn a_deadline_and_its_command_keep_their_budget_of_requests_and_write_units() {
    let due = std::env::var("DEADLINES").map_or(COUNTED, |text| text.parse().unwrap());
    let begin = VirtualHost::default().now();
    let waiting = Waiting::until(begin, due).await;
    let (client, meter) = engine::start().await;
    engine::event_table(&client, "events").await;
    engine::view_table(&client, "views", &ProjectionType::KeysOnly).await;
    let store = DynamoEventStore::new(client.clone(), "events");
    let views = DynamoViewStore::new(client, "views");
    let commits: Vec<_> =
        waiting.store.dump().into_iter().map(|it| Commit::try_from(it).unwrap()).collect();
    for some in commits.chunks(ROWS_PER_CALL_MAX) {
        try_join_all(some.iter().map(|commit| store.append(commit))).await.unwrap();
    }
    for row in waiting.views.dump() {
        views.write(&[row]).await.unwrap();
    }
    let host = ManualHost::starting_at(after(begin, MINUTE));
    let ports = Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(host) };
    let _ = meter.take();
    let began = Instant::now();
    cancel_all(&ports, due, BATCH, INVOCATIONS).await;
    let (took, used) = (began.elapsed(), meter.take());
    println!("{due} deadlines: {used:?}, {took:.1?}");
    let due = f64::from(u32::try_from(due).unwrap());
    assert!(used.requests <= due * REQUESTS_MAX, "{used:?}");
    // The input, the command and its end: one commit each.
    assert!(used.write_units <= due * 3.0, "{used:?}");
}
