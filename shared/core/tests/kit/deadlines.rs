//! Deadlines: late, early, repeated or cancelled, they change what they must and nothing else.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Envelope, Host as _, Ports, Refused, Source, Timestamp,
    batch::Outcome,
    memory::{MemoryDeadlineQueue, MemoryViews},
    policies::{AnyPolicy, DeadlineQueue, DueProcess, MINUTES_LISTED, Processes, Ticked, Ticker},
    views::{AnyView, Single},
};

use crate::{
    closing::{Closing, ClosingState, closing},
    processes::{World, due, pass_an_hour},
};

const PLENTY: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);

/// Brings the view of the processes up to date with these processes.
async fn project(world: &World, views: &MemoryViews, process: &str) {
    let events: Vec<Envelope> = world.events::<Closing>(process).await;
    let ports = Ports { views: Arc::new(views.clone()), ..world.ports() };
    let view = Single::<Processes<Closing>>::default();
    let key = view.row_key(&events[0]).unwrap().unwrap();
    let outcomes = view.project(&ports, &key, &events).await;
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Applied | Outcome::Duplicate)));
}

fn ticker(world: &World, views: &MemoryViews, queue: Arc<dyn DeadlineQueue>) -> Ticker {
    let host = Arc::new(world.host.clone());
    Ticker { policy: "closing", views: Arc::new(views.clone()), queue, host }
}

async fn tick(world: &World, views: &MemoryViews) -> (Ticked, Vec<DueProcess>) {
    let queue = MemoryDeadlineQueue::default();
    let ticked = ticker(world, views, Arc::new(queue.clone())).tick(|| PLENTY).await;
    (ticked, queue.drain())
}

async fn started() -> (World, MemoryViews) {
    let (world, views) = (World::new(), MemoryViews::new());
    let opened = world.open("t-1").await;
    assert_eq!(closing().on_event(&world.ports(), &opened).await, Outcome::Applied);
    project(&world, &views, "t-1").await;
    (world, views)
}

#[tokio::test]
async fn a_deadline_is_fed_when_it_is_due_and_listed_until_it_is_handled() {
    let (world, views) = started().await;
    assert_eq!(tick(&world, &views).await.1, []);
    pass_an_hour(&world);
    world.host.advance(Duration::from_secs(7));
    let (ticked, queued) = tick(&world, &views).await;
    assert!(ticked.is_complete());
    assert_eq!((ticked.queued, ticked.lateness_max), (1, Duration::from_secs(7)));
    assert_eq!(tick(&world, &views).await.1, queued, "the message may have been lost");
    assert_eq!(closing().on_deadline(&world.ports(), &queued[0]).await, Outcome::Applied);
    project(&world, &views, "t-1").await;
    assert_eq!(tick(&world, &views).await.1, []);
    assert_eq!(world.closed_by("t-1").await, ["closing"]);
}

#[tokio::test]
async fn early_late_and_repeated_deadlines_change_nothing_more_s9() {
    let (world, _) = started().await;
    let early = due("closing", &world);
    assert_eq!(closing().on_deadline(&world.ports(), &early).await, Outcome::Skipped);
    assert!(matches!(world.state::<Closing>("t-1").await, ClosingState::Waiting(_)));
    pass_an_hour(&world);
    pass_an_hour(&world);
    let late = due("closing", &world);
    assert_eq!(closing().on_deadline(&world.ports(), &late).await, Outcome::Applied);
    for repeated in [&early, &late] {
        let outcome = closing().on_deadline(&world.ports(), repeated).await;
        assert_eq!(outcome, Outcome::Skipped);
    }
    assert_eq!(world.closed_by("t-1").await, ["closing"]);
}

#[tokio::test]
async fn a_deadline_after_its_cancellation_changes_nothing_s9() {
    let (world, views) = started().await;
    let closed = world.close("t-1").await;
    assert_eq!(closing().on_event(&world.ports(), &closed).await, Outcome::Applied);
    pass_an_hour(&world);
    // The view lags: the ticker still lists the process.
    let (_, queued) = tick(&world, &views).await;
    assert_eq!(queued.len(), 1);
    assert_eq!(closing().on_deadline(&world.ports(), &queued[0]).await, Outcome::Skipped);
    assert_eq!(world.closed_by("t-1").await, ["a person"]);
    assert_eq!(world.state::<Closing>("t-1").await, ClosingState::Ended("stopped".into()));
}

#[tokio::test]
async fn a_deadline_of_a_process_that_does_not_exist_is_skipped_s15() {
    let world = World::new();
    let outcome = closing().on_deadline(&world.ports(), &due("closing", &world)).await;
    assert_eq!(outcome, Outcome::Skipped);
    assert!(world.events::<Closing>("t-1").await.is_empty());
}

#[test]
fn a_row_that_comes_late_is_listed_after_at_most_twice_its_delay() {
    let longest = MINUTES_LISTED[MINUTES_LISTED.len() - 1];
    for delay in 0..=longest {
        let listed = MINUTES_LISTED.iter().find(|age| **age >= delay).unwrap();
        assert!(*listed <= 2 * delay, "{delay}");
    }
    assert!(longest > (4 + 14) * 24 * 60, "a message lives 4 days in a queue and 14 in its DLQ");
}

#[tokio::test]
async fn a_deadline_whose_view_lagged_is_fed_late_and_measured_l3() {
    let (world, views) = started().await;
    pass_an_hour(&world);
    // The row appears ten minutes late: no earlier tick could list it.
    for _ in 0..10 {
        world.host.advance(MINUTE);
    }
    let mut fed = None;
    for minute in 10..=20 {
        let (ticked, queued) = tick(&world, &views).await;
        if !queued.is_empty() {
            fed = Some((minute, ticked.lateness_max));
            break;
        }
        world.host.advance(MINUTE);
    }
    assert_eq!(fed, Some((16, 16 * MINUTE)));
}

/// A queue that takes every other message, or answers not at all.
#[derive(Default)]
struct Moody {
    is_down: AtomicBool,
    taken: Mutex<Vec<DueProcess>>,
}

#[async_trait]
impl DeadlineQueue for Moody {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err("no answer".into());
        }
        let answers = due.iter().enumerate().map(|(place, due)| {
            if place % 2 == 1 {
                return Err(Refused { code: "Busy".into(), for_good: false });
            }
            self.taken.lock().unwrap().push(due.clone());
            Ok(())
        });
        Ok(answers.collect())
    }
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_counted_and_tried_again_s15() {
    let (world, views) = (World::new(), MemoryViews::new());
    for number in 0..20 {
        let opened = world.open(&format!("t-{number}")).await;
        closing().on_event(&world.ports(), &opened).await;
        project(&world, &views, &format!("t-{number}")).await;
    }
    pass_an_hour(&world);
    let queue = Arc::new(Moody::default());
    queue.is_down.store(true, Ordering::Relaxed);
    let ticked = ticker(&world, &views, queue.clone()).tick(|| PLENTY).await;
    assert_eq!((ticked.queued, ticked.refused), (0, 20));
    assert!(!ticked.is_complete());
    queue.is_down.store(false, Ordering::Relaxed);
    let ticked = ticker(&world, &views, queue.clone()).tick(|| PLENTY).await;
    assert_eq!(ticked.queued + ticked.refused, 20);
    assert_eq!(ticked.queued, queue.taken.lock().unwrap().len());
    assert!(!ticked.is_complete());
}

#[tokio::test]
async fn a_tick_ends_in_time_and_says_what_it_did_not_list_s15() {
    let (world, views) = started().await;
    pass_an_hour(&world);
    let queue = MemoryDeadlineQueue::default();
    let ticked = ticker(&world, &views, Arc::new(queue)).tick(|| Duration::ZERO).await;
    assert_eq!(ticked.queued, 0);
    assert!(!ticked.is_complete());
}

#[tokio::test]
async fn deadlines_of_one_minute_wait_until_their_own_moment() {
    let (world, views) = started().await;
    let hour: i64 = 3_600_000;
    let exactly = Timestamp::from_millis(world.host.now().as_millis() + hour - 1).unwrap();
    world.host.set(exactly);
    assert_eq!(tick(&world, &views).await.1, []);
    world.host.advance(Duration::from_millis(1));
    assert_eq!(tick(&world, &views).await.1.len(), 1);
}
