//! The table's stream and its mapping. Shards keep the order of one item only. Batches are retried from the first
//! reported failure, split in two after a crash, and dropped to the destination when they are too old or had too many
//! tries.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use dekigoto::batch::{Delivered, Report};

use super::{
    Consumer, Dice, Ended, Fault, Function, Sim, Site, function::check_report, signal::Signal,
};

/// A batch of records on its way to a function.
pub static SHARD: Site = Site { name: "shard", menu: &[Fault::Twice, Fault::Delay] };

/// Records in a batch, as in the template.
pub const BATCH_MAX: usize = 100;

/// Age at which the mapping drops a record, as in the template. The stream keeps it for 24 hours.
pub const AGE_MAX: Duration = Duration::from_secs(72_000);

/// Tries after which the mapping drops a batch, as in the template.
pub const ATTEMPTS_MAX: u32 = 100;

const BACKOFF_MAX: Duration = Duration::from_secs(600);

/// Sequences of random numbers from here on belong to shards.
const SHARDS: u64 = 1 << 41;

/// The stream.
#[derive(Clone)]
pub struct Stream<R>(Arc<Inner<R>>);

struct Inner<R> {
    sim: Sim,
    shards: Vec<Shard<R>>,
    given_up: Mutex<Vec<R>>,
}

struct Shard<R> {
    lane: Mutex<Lane<R>>,
    changed: Signal,
}

struct Lane<R> {
    records: VecDeque<Record<R>>,
    /// Records at the front that a function is handling: nothing is inserted before them.
    in_flight: usize,
    next_id: u64,
    dice: Dice,
}

#[derive(Clone)]
struct Record<R> {
    id: String,
    written: Duration,
    record: R,
}

impl<R: Clone + Send + Sync + 'static> Stream<R> {
    /// A stream with this many shards.
    #[must_use]
    pub fn new(sim: &Sim, shards: u64) -> Self {
        let lane = |shard| Lane {
            records: VecDeque::new(),
            in_flight: 0,
            next_id: 0,
            dice: sim.dice(SHARDS + shard),
        };
        let shard = |shard| Shard { lane: Mutex::new(lane(shard)), changed: Signal::default() };
        let shards = (0..shards).map(shard).collect();
        Self(Arc::new(Inner { sim: sim.clone(), shards, given_up: Mutex::default() }))
    }

    /// Puts the record of a new item. `key` is the item's partition; items of one partition share a shard.
    pub fn put(&self, key: &str, record: R) {
        let sum = key.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(byte));
        let shard = &self.0.shards[sum % self.0.shards.len()];
        let mut lane = shard.lane.lock().unwrap();
        lane.next_id += 1;
        let id = lane.next_id.to_string();
        // Each commit is an item of its own, and items have no order.
        let (first, last) = (lane.in_flight, lane.records.len());
        let is_moved = lane.dice.per_mille(300);
        let place = if is_moved { first + lane.dice.below(last - first + 1) } else { last };
        let written = self.0.sim.now();
        lane.records.insert(place, Record { id, written, record });
        drop(lane);
        shard.changed.raise();
    }

    /// Removes the records that the mapping dropped.
    #[must_use]
    pub fn given_up(&self) -> Vec<R> {
        std::mem::take(&mut self.0.given_up.lock().unwrap())
    }

    /// Delivers the records of all shards to a function, one batch at a time.
    pub fn deliver<S: Consumer<R> + 'static>(&self, function: &Function<S>) {
        for place in 0..self.0.shards.len() {
            let (stream, function) = (self.clone(), function.clone());
            self.0.sim.spawn(async move {
                let mut mapping = Mapping::new();
                loop {
                    stream.wait(place).await;
                    stream.batch(place, &function, &mut mapping).await;
                }
            });
        }
    }

    async fn wait(&self, place: usize) {
        let shard = &self.0.shards[place];
        loop {
            let seen = shard.changed.count();
            if !shard.lane.lock().unwrap().records.is_empty() {
                return;
            }
            shard.changed.after(seen).await;
        }
    }

    async fn batch<S: Consumer<R> + 'static>(
        &self,
        place: usize,
        function: &Function<S>,
        mapping: &mut Mapping,
    ) {
        let sim = &self.0.sim;
        let mut luck = sim.luck(&SHARD);
        let most = if luck.fault == Some(Fault::Delay) { 30_000 } else { 200 };
        let wait = luck.dice.time(Duration::from_millis(10), Duration::from_millis(most));
        sim.sleep(wait).await;
        let batch = self.front(place, mapping.batch_max);
        let ids: Vec<String> = batch.iter().map(|record| record.id.clone()).collect();
        let take = |process: S, time_left| async move { process.take(batch, time_left).await };
        let failed = match function.run(take).await {
            Ended::Answered(report) => {
                check_report(sim, function.role(), &ids, &report);
                mapping.answered(&report, &ids)
            }
            Ended::Crashed | Ended::TimedOut => {
                if ids.len() > 1 {
                    sim.mark("bisected");
                }
                mapping.crashed(ids.len());
                Some(0)
            }
        };
        let done = failed.unwrap_or(ids.len());
        let is_again = failed.is_none() && luck.fault == Some(Fault::Twice);
        self.advance(place, if is_again { 0 } else { done });
        if failed.is_some() {
            let hopeless = if mapping.failures > ATTEMPTS_MAX { ids.len() } else { 0 };
            self.give_up(place, hopeless);
            if hopeless > 0 {
                *mapping = Mapping::new();
            }
            sim.sleep(mapping.backoff()).await;
        }
    }

    fn front(&self, place: usize, limit: usize) -> Vec<Delivered<R>> {
        let mut lane = self.0.shards[place].lane.lock().unwrap();
        lane.in_flight = lane.records.len().min(limit);
        let records = lane.records.iter().take(limit);
        let delivered =
            |record: &Record<R>| Delivered { id: record.id.clone(), record: record.record.clone() };
        records.map(delivered).collect()
    }

    fn advance(&self, place: usize, done: usize) {
        let mut lane = self.0.shards[place].lane.lock().unwrap();
        lane.records.drain(..done);
        lane.in_flight = 0;
    }

    /// Drops the records at the front that are too old, and at least `hopeless` of them.
    fn give_up(&self, place: usize, mut hopeless: usize) {
        let mut lane = self.0.shards[place].lane.lock().unwrap();
        let now = self.0.sim.now();
        let is_old = |record: &Record<R>| now.saturating_sub(record.written) > AGE_MAX;
        while lane.records.front().is_some_and(|record| hopeless > 0 || is_old(record)) {
            hopeless = hopeless.saturating_sub(1);
            let record = lane.records.pop_front().unwrap().record;
            self.0.sim.mark("a stream record was given up");
            self.0.given_up.lock().unwrap().push(record);
        }
    }
}

/// The progress of a shard's batches.
struct Mapping {
    batch_max: usize,
    failures: u32,
}

impl Mapping {
    fn new() -> Self {
        Self { batch_max: BATCH_MAX, failures: 0 }
    }

    /// The place of the first failed record. `None` if all are done.
    fn answered(&mut self, report: &Report, ids: &[String]) -> Option<usize> {
        let failed = report.failed.first()?;
        let place = ids.iter().position(|id| id == failed).unwrap_or(0);
        self.failures = if place == 0 { self.failures + 1 } else { 0 };
        self.batch_max = BATCH_MAX;
        Some(place)
    }

    /// A crash does not tell which record is at fault, so the batch is split in two.
    fn crashed(&mut self, records: usize) {
        self.batch_max = (records / 2).max(1);
        self.failures += 1;
    }

    fn backoff(&self) -> Duration {
        Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(self.failures)).min(BACKOFF_MAX)
    }
}
