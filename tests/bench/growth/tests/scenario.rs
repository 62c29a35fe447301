//! One store with some streams, and each operation on it once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Extension, Router, body::Body};
use dekigoto::{
    Aggregate as _, Bus, Commit, Envelope, EventStore as _, Host as _, Message, Parking, ReadFrom,
    Refused, Source,
    batch::{Delivered, Report},
    generations::{
        Plan, RebuildQueue, Rebuilder, Segment, Step, generations_of, progress_of, take,
    },
    memory::{MemoryParking, MemoryRetryQueue},
    relay::{Relay, StreamRecord},
    sweep::{Sweep, SweepQueue, Sweeper},
    views::{AnyView, Extent, Projector},
};
use dekigoto_http::{App, Routes};
use http::Request;
use http_body_util::BodyExt as _;
use order_service::{CONTRACT, Caller, service};
use orders::{OrderId, order::Order};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    history::{History, nth_order, of_other_order},
    table::{EVENTS, Tables, Used, VIEWS},
};

/// The fewest other streams: a list of ten orders needs them.
pub(crate) const OTHERS_MIN: usize = 10;

const ORDER_SUMMARY: &str = "order-summary";

/// More time than any operation takes.
const PLENTY: Duration = Duration::from_secs(600);

/// Virtual time of a rebuild: of a large store it rebuilds a part.
const REBUILD_TIME: Duration = Duration::from_secs(15);

/// Events that one message may show as missing.
const MISSING_MAX: usize = 1_000;

/// Streams that are verified at most.
const VERIFIED_MAX: usize = 1_000;

/// Streams that are filled at once.
const FILLED_AT_ONCE: usize = 1_000;

/// Measures each of the [`OPERATIONS`](crate::operations::OPERATIONS) beside so many other orders of the same customer and
/// the same day, on an order with this history.
pub(crate) fn measure(others: usize, history: &History) -> Vec<Used> {
    let tables = Tables::new();
    fill(&tables, others);
    let (order, unseen) = (nth_order(0), nth_order(others + 1));
    tables.put(EVENTS, &history.items_of(order));
    tables.put(EVENTS, &history.items_of(unseen));
    let world = World { tables: tables.clone(), api: api(&tables) };
    world.deliver_newest(history, order);

    let path = |order: OrderId| format!("/v1/orders/{order}");
    let list = "/v1/orders?customerId=c-42&limit=10";
    // What each process reads once, such as the generations of the views and the key of the cursors.
    world.get(&path(nth_order(others + 2)), 404);
    world.get(list, 200);
    let (_, placing) = world.post("/v1/orders", &placed(), 201);
    let (from, viewing) = world.get(&path(order), 200);
    assert_eq!(from, "view");
    let (from, folding) = world.get(&path(unseen), 200);
    assert_eq!(from, "store");
    world.deliver_newest(history, unseen);
    // The generations of the views are read again after two seconds.
    world.get(list, 200);
    let (_, listing) = world.get(list, 200);
    let (_, cancelling) =
        world.post(&format!("{}/cancel", path(order)), &json!({ "reason": "twice" }), 200);

    let stream = Order::stream(&order).unwrap();
    let newest = tables.measure(tables.events().read(&stream, ReadFrom::Newest, 1)).0.unwrap();
    let cancelled = newest.into_iter().next().unwrap();
    let publishing = world.publish(&cancelled);
    let event = cancelled.envelopes().next().unwrap();
    let projected = ["order-summary", "customer-summary", "daily-sales"].map(|view| {
        let view = service().view_named(view).unwrap();
        world.project(&view, &event)
    });
    let mut all = vec![placing, viewing, folding, listing, cancelling, publishing];
    all.extend(projected);
    let commits = others + 2 * history.commits() + 2;
    all.extend([world.rebuild(), world.sweep(commits), world.verify(others, commits)]);
    all
}

/// Stores so many orders, each with its rows, as the projectors wrote those of one.
fn fill(tables: &Tables, others: usize) {
    let (sample, scratch) = (nth_order(0), Tables::new());
    let one = scratch.host.run(History::of(1)).0;
    scratch.put(EVENTS, &one.items_of(sample));
    World { api: api(&scratch), tables: scratch.clone() }.deliver_newest(&one, sample);
    let is_its = |row: &Value| row.to_string().contains(&sample.to_string());
    let (rows, sums): (Vec<_>, Vec<_>) = scratch.items(VIEWS).into_iter().partition(is_its);
    tables.put(VIEWS, &sums);
    let places: Vec<usize> = (1..=others).collect();
    for places in places.chunks(FILLED_AT_ONCE) {
        let orders = places.iter().map(|place| nth_order(*place));
        let events: Vec<Value> = orders.clone().flat_map(|order| one.items_of(order)).collect();
        tables.put(EVENTS, &events);
        let rows: Vec<Value> =
            orders.flat_map(|order| of_other_order(&rows, sample, order)).collect();
        tables.put(VIEWS, &rows);
    }
}

fn api(tables: &Tables) -> Router {
    let router = Routes::of(&service(), &CONTRACT).router(App::new(tables.ports()));
    router.layer(Extension(Caller::anonymous()))
}

fn placed() -> Value {
    json!({
        "customerId": "c-42", "currency": "JPY",
        "items": [{ "productId": "p-1", "quantity": 2, "unitAmount": 1500 }],
    })
}

/// All functions on one pair of tables.
struct World {
    tables: Tables,
    api: Router,
}

impl World {
    /// Sends a query. Returns where the answer came from.
    fn get(&self, path: &str, status: u16) -> (String, Used) {
        self.send(Request::get(path).body(Body::empty()).unwrap(), status)
    }

    fn post(&self, path: &str, body: &Value, status: u16) -> (String, Used) {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("idempotency-key", "growth")
            .body(Body::from(body.to_string()));
        self.send(request.unwrap(), status)
    }

    fn send(&self, request: Request<Body>, status: u16) -> (String, Used) {
        let what = request.uri().to_string();
        let (response, used) = self.tables.measure(self.api.clone().oneshot(request));
        let response = response.unwrap();
        let from = response.headers().get("served-from");
        let from = from.map_or("", |from| from.to_str().unwrap()).to_owned();
        let found = response.status();
        let body = self.tables.host.run(response.into_body().collect()).0.unwrap().to_bytes();
        assert_eq!(found.as_u16(), status, "{what}: {}", String::from_utf8_lossy(&body));
        (from, used)
    }

    /// Delivers the first and the newest message of an order, so that every view has it, and some between: a view reads at
    /// most so many missing events for one message.
    fn deliver_newest(&self, history: &History, order: OrderId) {
        let events = history.some_events_of(order, MISSING_MAX);
        for view in service().views() {
            let wanted = service().events_for(&**view);
            for event in events.iter().filter(|it| wanted.contains(&it.event_type.as_str())) {
                self.project(view, event);
            }
        }
    }

    fn project(&self, view: &Arc<dyn AnyView>, event: &Envelope) -> Used {
        let parking = Arc::new(MemoryParking::default());
        let projector = Projector::of(Arc::clone(view), self.tables.ports(), parking);
        let message = Delivered { id: "m".to_owned(), record: Message::of(event).body };
        let (report, used) = self.tables.measure(projector.take(vec![message], || PLENTY));
        all_done(&report);
        used
    }

    fn publish(&self, commit: &Commit) -> Used {
        let ports = self.tables.ports();
        let relay = Relay {
            topic: Arc::new(CountedBus(self.tables.clone())),
            bus: Arc::new(CountedBus(self.tables.clone())),
            retry: Arc::new(MemoryRetryQueue::default()),
            parking: Arc::new(MemoryParking::default()),
            store: ports.store,
            host: ports.host,
            announcements: service().announcements().clone(),
        };
        let record = StreamRecord::Commit(Box::new(commit.clone()));
        let records = vec![Delivered { id: "1".to_owned(), record }];
        let (report, used) = self.tables.measure(relay.take_stream(records, || PLENTY));
        all_done(&report);
        used
    }

    /// Rebuilds the view, or a part of it, and divides by the commits.
    fn rebuild(&self) -> Used {
        let (ports, host) = (self.tables.ports(), self.tables.host.clone());
        let views = Arc::clone(&ports.views);
        let plan = Plan { segments: 1, commits_per_second_max: None };
        let begin = take(&*views, ORDER_SUMMARY, Step::Begin(plan), host.now());
        host.run(begin).0.unwrap();
        let generations = host.run(generations_of(&*views, ORDER_SUMMARY)).0.unwrap();
        let generation = generations.beside.unwrap().generation;
        let rebuilder = Rebuilder {
            views: service().views().to_vec(),
            history: Arc::new(self.tables.events()),
            ports,
            queue: Arc::new(Queue),
            parking: Arc::new(MemoryParking::default()),
        };
        let segment = Segment::all(ORDER_SUMMARY, generation, 1).next().unwrap();
        let message = vec![Delivered { id: "1".to_owned(), record: segment.text() }];
        let end = host.monotonic() + REBUILD_TIME;
        let time_left = || end.saturating_sub(host.monotonic());
        let (report, used) = self.tables.measure(rebuilder.take(message, &time_left));
        all_done(&report);
        let progress = host.run(progress_of(&*views, ORDER_SUMMARY, generation, 1)).0.unwrap();
        used.for_each(usize::try_from(progress.commits).unwrap())
    }

    /// Sweeps the whole store, which has lost nothing but what was just placed.
    fn sweep(&self, commits: usize) -> Used {
        let ports = self.tables.ports();
        let sweeps = Sweep::all(ports.host.now(), Duration::ZERO).enumerate();
        let messages =
            sweeps.map(|(place, record)| Delivered { id: place.to_string(), record }).collect();
        let parking: Arc<dyn Parking> = Arc::new(MemoryParking::default());
        let sweeper = Sweeper {
            views: service().views().to_vec(),
            history: Arc::new(self.tables.events()),
            ports,
            retry: Arc::new(MemoryRetryQueue::default()),
            queue: Arc::new(Queue),
            parking,
            grace: Duration::ZERO,
        };
        let (report, used) = self.tables.measure(sweeper.take(messages, || PLENTY));
        all_done(&report);
        used.for_each(commits)
    }

    fn verify(&self, others: usize, commits: usize) -> Used {
        let (ports, history) = (self.tables.ports(), self.tables.events());
        let view = service().view_named(ORDER_SUMMARY).unwrap();
        let (extent, of) = if others > VERIFIED_MAX {
            (Extent::Sample(VERIFIED_MAX), VERIFIED_MAX)
        } else {
            (Extent::Everything, commits)
        };
        let (verified, used) = self.tables.measure(view.verify(&ports, &history, extent));
        assert_eq!(verified.unwrap().differences, Vec::new());
        used.for_each(of)
    }
}

fn all_done(report: &Report) {
    assert!(report.failed.is_empty() && report.tally.total() > 0, "{:?}", report.reasons);
    assert_eq!(report.tally.applied, report.tally.total(), "{}", report.tally);
}

/// A topic or a bus.
struct CountedBus(Tables);

#[async_trait]
impl Bus for CountedBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.0.call().await;
        Ok(vec![Ok(()); batch.len()])
    }
}

/// Takes the work that is handed on.
struct Queue;

#[async_trait]
impl RebuildQueue for Queue {
    async fn put(&self, _: &Segment) -> Result<(), Source> {
        Ok(())
    }
}

#[async_trait]
impl SweepQueue for Queue {
    async fn put(&self, _: &Sweep) -> Result<(), Source> {
        Ok(())
    }
}
