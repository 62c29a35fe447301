//! The sweeper publishes what no message has brought, once, and nothing else.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Envelope, Pointer, RowKey, Source,
    batch::{Delivered, Report},
    memory::{MemoryParking, MemoryRetryQueue},
    sweep::{SWEEP_GRACE, Sweep, SweepQueue, Sweeper},
    views::{AnyView, Fold, Single, SingleView, View},
};

use crate::support::{Entry, Faulty, Log};

const PLENTY: Duration = Duration::from_secs(60);

/// Counts events.
struct Totals;

impl View for Totals {
    type Row = u64;
    type Folds = (Log,);

    const NAME: &'static str = "totals";
}

impl Fold<Log> for Totals {
    fn fold(row: &mut u64, _: &Entry<false>, _: &Envelope) {
        *row += 1;
    }
}

impl SingleView for Totals {}

/// The messages that were handed on.
#[derive(Default)]
struct Messages(Mutex<Vec<Sweep>>);

#[async_trait]
impl SweepQueue for Messages {
    async fn put(&self, sweep: &Sweep) -> Result<(), Source> {
        self.0.lock().unwrap().push(sweep.clone());
        Ok(())
    }
}

struct World {
    faulty: Faulty,
    retry: MemoryRetryQueue,
    parking: MemoryParking,
    messages: Arc<Messages>,
    sweeper: Sweeper,
}

impl World {
    fn new() -> Self {
        let faulty = Faulty::new([]);
        let (retry, parking) = (MemoryRetryQueue::default(), MemoryParking::default());
        let messages = Arc::new(Messages::default());
        let sweeper = Sweeper {
            views: vec![Arc::new(Single::<Totals>::default())],
            history: Arc::new(faulty.store.clone()),
            ports: faulty.ports(),
            retry: Arc::new(retry.clone()),
            queue: messages.clone(),
            parking: Arc::new(parking.clone()),
            // The commits of these tests are of now.
            grace: Duration::ZERO,
        };
        Self { faulty, retry, parking, messages, sweeper }
    }

    async fn message(&self, id: &str, events: &[Envelope]) {
        let view = Single::<Totals>::default();
        view.project(&self.sweeper.ports, &RowKey::only("totals", id), events).await;
    }

    async fn take(&self, sweeps: Vec<Sweep>, time: Duration) -> Report {
        let sweeps = sweeps.into_iter().enumerate();
        let delivered = sweeps.map(|(id, record)| Delivered { id: id.to_string(), record });
        self.sweeper.take(delivered.collect(), &|| time).await
    }

    /// A whole sweep of everything up to now. Returns what the relay is to publish.
    async fn sweep(&self) -> Vec<String> {
        let now = "2100-01-01T00:00:00.000Z".parse().unwrap();
        let all = Sweep::all(now, Duration::ZERO);
        let all = all.map(|sweep| Sweep { from: dekigoto::Timestamp::EPOCH, ..sweep });
        let report = self.take(all.collect(), PLENTY).await;
        assert_eq!(report.tally.applied, 4, "{report:?}");
        self.lost()
    }

    fn lost(&self) -> Vec<String> {
        let name = |it: Pointer| format!("{} {}", it.stream.key(), it.ordinal.get());
        let mut lost: Vec<String> = self.retry.drain().into_iter().map(name).collect();
        lost.sort();
        lost
    }
}

#[tokio::test]
async fn a_sweep_finds_nothing_when_every_message_came_in_any_order_l1() {
    let world = World::new();
    let events = world.faulty.added("a", 4).await;
    for place in [3, 0, 2, 1, 1] {
        world.message("a", &events[place..=place]).await;
    }
    assert_eq!(world.sweep().await, [""; 0]);
}

#[tokio::test]
async fn a_lost_commit_is_published_be_it_the_first_the_last_or_between_l1() {
    let world = World::new();
    let (first, last, between) = (
        world.faulty.added("first", 2).await,
        world.faulty.added("last", 2).await,
        world.faulty.added("between", 4).await,
    );
    world.faulty.added("all", 1).await;
    world.message("first", &first[1..]).await;
    world.message("last", &last[..1]).await;
    world.message("between", &[between[0].clone(), between[3].clone()]).await;
    let lost =
        ["Tally#all 1", "Tally#between 2", "Tally#between 3", "Tally#first 1", "Tally#last 2"];
    assert_eq!(world.sweep().await, lost);
    assert_eq!(world.sweep().await, lost, "as long as nobody has heard of them");
    // The relay publishes them.
    world.message("first", &first).await;
    world.message("last", &last).await;
    world.message("between", &between[1..3]).await;
    assert_eq!(world.sweep().await, ["Tally#all 1"]);
}

#[tokio::test]
async fn a_forged_message_hides_no_lost_commit_l1() {
    let world = World::new();
    let events = world.faulty.added("a", 3).await;
    world.message("a", &events[2..]).await;
    let forged = Envelope { version: events[1].version, ..events[2].clone() };
    let other = Envelope { event_type: "Other".to_owned(), ..events[0].clone() };
    world.message("a", &[forged, other]).await;
    assert_eq!(world.sweep().await, ["Tally#a 1", "Tally#a 2"]);
}

#[tokio::test]
async fn a_young_commit_is_left_alone_because_its_message_may_be_on_its_way() {
    let world = World::new();
    world.faulty.added("a", 1).await;
    let an_hour_later = "2026-11-23T10:00:00.000Z".parse().unwrap();
    for (grace, found) in [(SWEEP_GRACE, 0), (Duration::from_secs(1800), 1)] {
        let report = world.take(Sweep::all(an_hour_later, grace).collect(), PLENTY).await;
        assert_eq!((report.tally.applied, world.lost().len()), (4, found));
    }
}

#[tokio::test]
async fn a_sweep_begins_with_a_message_for_each_segment() {
    let world = World::new();
    world.sweeper.begin().await.unwrap();
    let messages = world.messages.0.lock().unwrap().clone();
    assert_eq!(messages.iter().map(|it| it.segment).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_sweep_without_time_for_a_page_is_delivered_again_and_not_handed_on_for_ever_s16() {
    let world = World::new();
    world.faulty.added("a", 1).await;
    let now = world.sweeper.ports.host.now();
    let sweeps = Sweep::all(now, Duration::ZERO).take(1).collect();
    let report = world.take(sweeps, Duration::ZERO).await;
    assert_eq!(report.failed, ["0"]);
    assert!(world.messages.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_great_loss_is_parked_for_a_person_and_a_redrive_goes_on_s16() {
    let world = World::new();
    world.faulty.added("a", 1).await;
    let now = world.sweeper.ports.host.now();
    let segment = Sweep::all(now, Duration::ZERO).next().unwrap();
    let full = Sweep { lost: dekigoto::sweep::SWEEP_LOST_MAX, ..segment.clone() };
    let report = world.take(vec![full], PLENTY).await;
    assert_eq!(report.tally.parked, 1);
    let parked = world.parking.dump();
    assert_eq!(Sweep::from_text(&parked[0].0), Some(segment));
}

#[tokio::test]
async fn only_a_view_of_one_aggregate_says_what_it_has_heard() {
    let world = World::new();
    let events = world.faulty.added("a", 2).await;
    let view = Single::<Totals>::default();
    let heard = view.heard(&world.sweeper.ports, &events).await.unwrap();
    assert_eq!(heard, [Some(false); 2]);
    world.message("a", &events[1..]).await;
    let heard = view.heard(&world.sweeper.ports, &events).await.unwrap();
    assert_eq!(heard, [Some(false), Some(true)]);
}
