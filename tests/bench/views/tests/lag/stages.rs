//! The way of an order from its commit to a view, hop by hop, in virtual time: real relay, real projectors, memory stores.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Bus, Commit, Host as _, Message, Ports, Refused, Source,
    batch::Delivered,
    memory::{MemoryParking, MemoryRetryQueue, MemoryStore, MemoryViews},
    relay::{Relay, StreamRecord},
    views::Projector,
};
use dekigoto_testkit::{SlowStore, SlowViews, VirtualHost, sim::STREAM_BATCH_MAX};
use futures_util::future::join_all;
use order_service::service;

use super::mapping::{Arrival, Mapping, deliver};
use crate::{
    charged::ChargedViews,
    engine::Meter,
    order,
    time::{CALL, TIMEOUT, nth},
};

/// Lambda reads each shard four times a second.
const POLL: Duration = Duration::from_millis(250);

/// Shards of the stream of a table on demand that has not yet split a partition.
const SHARDS: usize = 4;

/// From SNS to the queue. AWS promises no figure; this is an assumption.
pub(super) const TOPIC_TO_QUEUE: Duration = Duration::from_millis(30);

/// Lambda begins to read a queue with five pollers. Each makes batches of its own, and together they have the
/// `MaximumConcurrency` of the template, ten.
const POLLERS: usize = 5;
const INVOCATIONS_OF_A_POLLER: usize = 2;

/// Without a window, SQS allows no larger batch.
const BATCH_WITHOUT_WINDOW: usize = 10;

/// Orders that are placed at random moments of that rate, in a store.
pub(super) struct Orders {
    store: MemoryStore,
    commits: Vec<Commit>,
    pub(super) messages: Vec<Message>,
    pub(super) times: Vec<Duration>,
}

impl Orders {
    pub(super) async fn placed(count: usize, per_second: f64) -> Self {
        let store = MemoryStore::new();
        let (mut messages, mut times) = (Vec::new(), Vec::new());
        let (mut dice, mut now) = (Dice(7), 0.0);
        for place in 0..count {
            messages.push(Message::of(&order::placed_only(&store, nth(place)).await));
            now -= dice.next().ln() / per_second;
            times.push(Duration::from_secs_f64(now));
        }
        let commits = store.dump().into_iter().map(|it| Commit::try_from(it).unwrap());
        let mut by_stream: BTreeMap<String, Commit> =
            commits.map(|it| (it.stream().aggregate_id().to_owned(), it)).collect();
        let commits =
            (0..count).map(|place| by_stream.remove(&nth(place).to_string()).unwrap()).collect();
        Self { store, commits, messages, times }
    }
}

/// Random numbers between 0 and 1, the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        (f64::from(high) + 0.5) / (f64::from(u32::MAX) + 1.0)
    }
}

/// What one function did.
pub(super) struct Invoked {
    /// When the invocation of each order began.
    pub(super) began: Vec<Duration>,
    /// When it was done with the order.
    pub(super) done: Vec<Duration>,
    pub(super) invocations: usize,
    pub(super) write_units: f64,
}

/// Notes when each message was sent. A call takes [`CALL`].
struct Noting {
    host: VirtualHost,
    sent: Mutex<BTreeMap<String, Duration>>,
}

#[async_trait]
impl Bus for Noting {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.host.sleep(CALL).await;
        let now = self.host.monotonic();
        self.sent.lock().unwrap().extend(batch.iter().map(|it| (it.body.clone(), now)));
        Ok(vec![Ok(()); batch.len()])
    }
}

/// The relay publishes the orders.
pub(super) fn publish(orders: &Orders, window: Duration) -> Invoked {
    let host = VirtualHost::default();
    let topic = Arc::new(Noting { host: host.clone(), sent: Mutex::default() });
    let bus = Arc::new(Noting { host: host.clone(), sent: Mutex::default() });
    let relay = Relay {
        topic: topic.clone(),
        bus,
        retry: Arc::new(MemoryRetryQueue::default()),
        parking: Arc::new(MemoryParking::default()),
        store: Arc::new(orders.store.clone()),
        host: Arc::new(host.clone()),
        announcements: service().announcements().clone(),
    };
    let notes = Notes::of(orders.times.len());
    let shard = |shard: usize| {
        let phase = POLL * u32::try_from(shard).unwrap() / u32::try_from(SHARDS).unwrap();
        let of_shard = orders.times.iter().enumerate().filter(|(place, _)| place % SHARDS == shard);
        let records = of_shard.map(|(place, time)| (polled(*time, phase), place)).collect();
        let mapping = Mapping { window, batch_max: STREAM_BATCH_MAX, at_once: 1 };
        let (notes, relay, host) = (&notes, &relay, &host);
        deliver(host, records, mapping, move |_, batch: Vec<usize>| async move {
            notes.begin(host, &batch);
            let record = |place: &usize| Delivered {
                id: place.to_string(),
                record: StreamRecord::Commit(Box::new(orders.commits[*place].clone())),
            };
            let report = relay.take_stream(batch.iter().map(record).collect(), || TIMEOUT).await;
            assert_eq!(report.tally.applied, batch.len());
        })
    };
    host.run(join_all((0..SHARDS).map(shard)));
    let sent = topic.sent.lock().unwrap();
    let done = orders.messages.iter().map(|message| sent[&message.body]).collect();
    notes.invoked(done, 0.0)
}

/// The first poll of the shard that finds the record.
fn polled(time: Duration, phase: Duration) -> Duration {
    let passed = time.saturating_sub(phase).as_nanos().div_ceil(POLL.as_nanos());
    phase + POLL * u32::try_from(passed).unwrap()
}

/// A view applies the messages, which arrive in its queue at these times.
pub(super) fn project(
    orders: &Orders,
    view: &'static str,
    queued: &[Duration],
    window: Duration,
    batch_max: usize,
) -> Invoked {
    let host = VirtualHost::default();
    let meter = Meter::default();
    let charged = ChargedViews { inner: Arc::new(MemoryViews::new()), meter: meter.clone() };
    let store = SlowStore::new(Arc::new(orders.store.clone()), host.clone(), CALL);
    let views = SlowViews::new(Arc::new(charged), host.clone(), CALL);
    let ports =
        Ports { store: Arc::new(store), views: Arc::new(views), host: Arc::new(host.clone()) };
    let batch_max = if window.is_zero() { BATCH_WITHOUT_WINDOW } else { batch_max };
    let mapping = Mapping { window, batch_max, at_once: INVOCATIONS_OF_A_POLLER };
    let notes = Notes::of(queued.len());
    let done = Mutex::new(vec![Duration::ZERO; queued.len()]);
    let poller = |poller: usize| {
        let of_poller = queued.iter().enumerate().filter(|(place, _)| place % POLLERS == poller);
        let mut records: Vec<Arrival> = of_poller.map(|(place, time)| (*time, place)).collect();
        records.sort_unstable();
        // Each execution environment has its own projector.
        let projectors: Vec<Projector> = (0..INVOCATIONS_OF_A_POLLER)
            .map(|_| {
                let view = service().view_named(view).unwrap();
                Projector::of(view, ports.clone(), Arc::new(MemoryParking::default()))
            })
            .collect();
        let (notes, host, done) = (&notes, &host, &done);
        deliver(host, records, mapping, move |lane, batch: Vec<usize>| {
            let projector = projectors[lane].clone();
            async move {
                notes.begin(host, &batch);
                let message = |place: &usize| Delivered {
                    id: place.to_string(),
                    record: orders.messages[*place].body.clone(),
                };
                let report = projector.take(batch.iter().map(message).collect(), || TIMEOUT).await;
                assert_eq!((report.tally.applied, report.failed.len()), (batch.len(), 0));
                let mut done = done.lock().unwrap();
                batch.iter().for_each(|place| done[*place] = host.monotonic());
            }
        })
    };
    host.run(join_all((0..POLLERS).map(poller)));
    let write_units = meter.take().write_units;
    let done = done.into_inner().unwrap();
    notes.invoked(done, write_units)
}

/// When invocations began.
struct Notes(Mutex<(Vec<Duration>, usize)>);

impl Notes {
    fn of(orders: usize) -> Self {
        Self(Mutex::new((vec![Duration::ZERO; orders], 0)))
    }

    fn begin(&self, host: &VirtualHost, batch: &[usize]) {
        let mut noted = self.0.lock().unwrap();
        noted.1 += 1;
        batch.iter().for_each(|place| noted.0[*place] = host.monotonic());
    }

    fn invoked(self, done: Vec<Duration>, write_units: f64) -> Invoked {
        let (began, invocations) = self.0.into_inner().unwrap();
        Invoked { began, done, invocations, write_units }
    }
}
