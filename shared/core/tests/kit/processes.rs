//! Policies under duplicates, crashes, lost replies, races and forged messages.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Aggregate, AppendError, Commit, DELIVERIES_MAX, Engine, Envelope, EventStore, Expect,
    Host as _, Message, MessageHandler as _, Ports, QueueBatch, ReadError, ReadFrom, Source,
    StreamId, TRIES_MAX,
    batch::{Delivered, Outcome, Tally},
    memory::{ManualHost, MemoryParking, MemoryStore, MemoryViews},
    policies::{AnyPolicy, DueProcess, Policy, ProcessManager},
    read_events,
};
use dekigoto_testkit::context;
use futures_util::future::join;

use crate::closing::{By, Closing, ClosingState, HOUR_MS, Task, TaskCommand, closing, strict};

/// A store, a clock, and a task.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) host: ManualHost,
    pub(crate) parking: MemoryParking,
}

impl World {
    pub(crate) fn new() -> Self {
        let host = ManualHost::starting_at("2026-11-23T09:00:00.000Z".parse().unwrap());
        Self { store: MemoryStore::new(), host, parking: MemoryParking::default() }
    }

    pub(crate) fn ports(&self) -> Ports {
        self.ports_on(Arc::new(self.store.clone()))
    }

    fn ports_on(&self, store: Arc<dyn EventStore>) -> Ports {
        Ports { store, views: Arc::new(MemoryViews::new()), host: Arc::new(self.host.clone()) }
    }

    fn engine(&self) -> Engine {
        Engine::new(Arc::new(self.store.clone()), Arc::new(self.host.clone()))
    }

    /// Sends a command to the task, and returns the newest event.
    pub(crate) async fn command(&self, task: &str, key: &str, command: TaskCommand) -> Envelope {
        let mut context = context(key);
        context.at = self.host.now();
        let (engine, id) = (self.engine(), task.to_owned());
        let answer = engine.execute::<Task>(&id, command, &context, Expect::Anything);
        let version = answer.await.unwrap().version.unwrap();
        self.events::<Task>(task).await.into_iter().find(|it| it.version == version).unwrap()
    }

    pub(crate) async fn open(&self, task: &str) -> Envelope {
        self.command(task, "open", TaskCommand::Open).await
    }

    pub(crate) async fn close(&self, task: &str) -> Envelope {
        self.command(task, "close", TaskCommand::Close(By { by: "a person".into() })).await
    }

    pub(crate) async fn events<A: Aggregate<Id = String>>(&self, id: &str) -> Vec<Envelope> {
        let stream = A::stream(&id.to_owned()).unwrap();
        read_events(&self.store, &stream, dekigoto::Version::FIRST, 100).await.unwrap()
    }

    pub(crate) async fn state<P: Policy<Id = String>>(&self, id: &str) -> P::State {
        self.engine().load::<P>(&id.to_owned()).await.unwrap().state
    }

    /// How often the task was closed, and by whom.
    pub(crate) async fn closed_by(&self, task: &str) -> Vec<String> {
        let events = self.events::<Task>(task).await;
        let closed = events.iter().filter(|it| it.event_type == "TaskClosed");
        closed.map(|it| it.payload.read::<By>().unwrap().by).collect()
    }

    async fn take(&self, policy: Arc<dyn AnyPolicy>, bodies: &[&str]) -> dekigoto::batch::Report {
        let parking = Arc::new(self.parking.clone());
        let manager = ProcessManager::of(policy, self.ports(), parking);
        let messages = bodies.iter().enumerate();
        let messages =
            messages.map(|(id, body)| Delivered { id: id.to_string(), record: (*body).to_owned() });
        manager.take(messages.collect(), || Duration::from_secs(30)).await
    }
}

pub(crate) fn due(policy: &str, world: &World) -> DueProcess {
    DueProcess { policy: policy.into(), process: "t-1".into(), due_at: world.host.now() }
}

pub(crate) fn pass_an_hour(world: &World) {
    world.host.advance(Duration::from_millis(HOUR_MS.unsigned_abs()));
}

/// A store whose nth call fails. Half of the failures come after the call was carried out.
struct FailsAt {
    inner: MemoryStore,
    calls: AtomicUsize,
    at: usize,
    is_done: bool,
}

impl FailsAt {
    fn fails(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) == self.at
    }
}

#[async_trait]
impl EventStore for FailsAt {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        if !self.fails() {
            return self.inner.append(commit).await;
        }
        if self.is_done {
            self.inner.append(commit).await?;
        }
        // Not retried by the engine: as if the function had died here.
        Err(AppendError::Broken(died()))
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        if self.fails() {
            return Err(ReadError::Unavailable(died()));
        }
        self.inner.read(stream, from, limit).await
    }
}

fn died() -> Source {
    "the function died".into()
}

#[tokio::test]
async fn a_crash_at_any_call_is_healed_by_the_next_delivery_s9_l3() {
    let mut crashes = 0;
    for at in 0..40 {
        for is_done in [false, true] {
            let world = World::new();
            let opened = world.open("t-1").await;
            let inner = world.store.clone();
            let store = FailsAt { inner, calls: AtomicUsize::new(0), at, is_done };
            let ports = world.ports_on(Arc::new(store));
            let policy = closing();
            // One call of the store fails. Each delivery that fails is made again.
            let mut outcome = policy.on_event(&ports, &opened).await;
            crashes += usize::from(matches!(outcome, Outcome::Retry(_)));
            if matches!(outcome, Outcome::Retry(_)) {
                outcome = policy.on_event(&ports, &opened).await;
            }
            assert!(matches!(outcome, Outcome::Applied | Outcome::Duplicate), "{outcome:?}");
            pass_an_hour(&world);
            let due = due("closing", &world);
            let mut outcome = policy.on_deadline(&ports, &due).await;
            crashes += usize::from(matches!(outcome, Outcome::Retry(_)));
            if matches!(outcome, Outcome::Retry(_)) {
                outcome = policy.on_deadline(&ports, &due).await;
            }
            assert!(!matches!(outcome, Outcome::Retry(_) | Outcome::Parked(_)), "{outcome:?}");
            assert_eq!(world.closed_by("t-1").await, ["closing"], "call {at} failed");
            let ended = ClosingState::Ended("closed".into());
            assert_eq!(world.state::<Closing>("t-1").await, ended, "call {at} failed");
        }
    }
    assert!(crashes >= 16, "only {crashes} deliveries failed");
}

/// A store in which every call lets the other deliveries run first.
struct Yielding(MemoryStore);

#[async_trait]
impl EventStore for Yielding {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        tokio::task::yield_now().await;
        self.0.append(commit).await
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        let read = self.0.read(stream, from, limit).await;
        tokio::task::yield_now().await;
        read
    }
}

#[tokio::test]
async fn deliveries_side_by_side_issue_a_step_once_s9() {
    let world = World::new();
    let opened = world.open("t-1").await;
    let ports = world.ports_on(Arc::new(Yielding(world.store.clone())));
    let policy = closing();
    let both = join(policy.on_event(&ports, &opened), policy.on_event(&ports, &opened)).await;
    assert!([&both.0, &both.1].contains(&&Outcome::Applied), "{both:?}");
    pass_an_hour(&world);
    let due = due("closing", &world);
    let mut outcomes = vec![];
    for _ in 0..3 {
        let (one, other) =
            join(policy.on_deadline(&ports, &due), policy.on_deadline(&ports, &due)).await;
        outcomes.extend([one, other]);
    }
    assert!(outcomes.contains(&Outcome::Applied), "{outcomes:?}");
    assert!(!outcomes.iter().any(|it| matches!(it, Outcome::Parked(_))), "{outcomes:?}");
    assert_eq!(world.closed_by("t-1").await, ["closing"]);
    assert_eq!(world.events::<Closing>("t-1").await.len(), 3);
}

#[tokio::test]
async fn a_new_setting_does_not_change_a_running_process() {
    let world = World::new();
    let opened = world.open("t-1").await;
    assert_eq!(closing().on_event(&world.ports(), &opened).await, Outcome::Applied);
    let before = world.state::<Closing>("t-1").await;
    // The event is delivered again after a deployment with another setting.
    let outcome = Closing::<false> { hours: 2 }.on_event(&world.ports(), &opened).await;
    assert_eq!(outcome, Outcome::Duplicate);
    assert_eq!(world.state::<Closing>("t-1").await, before);
}

#[tokio::test]
async fn a_refused_effect_ends_the_process_l3() {
    let world = World::new();
    let opened = world.open("t-1").await;
    let policy = closing();
    policy.on_event(&world.ports(), &opened).await;
    world.close("t-1").await; // Its event is not delivered yet.
    pass_an_hour(&world);
    let outcome = policy.on_deadline(&world.ports(), &due("closing", &world)).await;
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(world.state::<Closing>("t-1").await, ClosingState::Ended("refused".into()));
    assert_eq!(world.closed_by("t-1").await, ["a person"]);
}

#[tokio::test]
async fn two_policies_that_close_one_task_both_end_and_one_wins_s9_l3() {
    let world = World::new();
    let opened = world.open("t-1").await;
    closing().on_event(&world.ports(), &opened).await;
    strict().on_event(&world.ports(), &opened).await;
    pass_an_hour(&world);
    let ports = world.ports_on(Arc::new(Yielding(world.store.clone())));
    let (one, other) = (due("closing", &world), due("strict-closing", &world));
    let (closing, strict) = (closing(), strict());
    let outcomes = join(closing.on_deadline(&ports, &one), strict.on_deadline(&ports, &other));
    assert_eq!(outcomes.await, (Outcome::Applied, Outcome::Applied));
    assert_eq!(world.closed_by("t-1").await.len(), 1);
    let ended = [world.state::<Closing>("t-1").await, world.state::<Closing<true>>("t-1").await];
    let closed = ClosingState::Ended("closed".into());
    assert_eq!(ended.iter().filter(|it| **it == closed).count(), 1, "{ended:?}");
    assert!(ended.iter().all(|it| matches!(it, ClosingState::Ended(_))), "{ended:?}");
}

#[tokio::test]
async fn an_effect_that_expects_a_version_ends_as_moved_when_the_stream_went_on() {
    let world = World::new();
    let opened = world.open("t-1").await;
    strict().on_event(&world.ports(), &opened).await;
    world.close("t-1").await;
    pass_an_hour(&world);
    strict().on_deadline(&world.ports(), &due("strict-closing", &world)).await;
    assert_eq!(world.state::<Closing<true>>("t-1").await, ClosingState::Ended("moved".into()));
}

#[tokio::test]
async fn an_event_that_the_store_does_not_have_starts_nothing_s7() {
    let world = World::new();
    let mut forged = world.open("t-1").await;
    forged.aggregate_id = "t-2".into();
    let report = world.take(Arc::new(closing()), &[&Message::of(&forged).body]).await;
    assert_eq!(report.failed, ["0"], "it may be in the store later");
    assert!(world.events::<Closing>("t-2").await.is_empty());
}

#[tokio::test]
async fn a_forged_payload_is_not_believed() {
    let world = World::new();
    let opened = world.open("t-1").await;
    let mut forged = opened.clone();
    forged.occurred_at = "2020-01-01T00:00:00Z".parse().unwrap();
    closing().on_event(&world.ports(), &forged).await;
    let until = opened.occurred_at.as_millis() + HOUR_MS;
    let state = world.state::<Closing>("t-1").await;
    assert!(matches!(state, ClosingState::Waiting(at) if at.as_millis() == until), "{state:?}");
}

#[tokio::test]
async fn each_message_ends_in_one_way_and_the_counts_add_up_s15() {
    let world = World::new();
    let opened = Message::of(&world.open("t-1").await).body;
    let mut newer = world.open("t-2").await;
    newer.schema_version = 2;
    let mut strange = world.open("t-3").await;
    strange.event_type = "TaskRenamed".into();
    let bodies = [
        opened.clone(),
        opened,
        Message::of(&newer).body,
        Message::of(&strange).body,
        "no event".to_owned(),
        due("another", &world).text(),
        due("closing", &world).text(),
    ];
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let report = world.take(Arc::new(closing()), &bodies).await;
    // Applied: the event. Skipped: an event that the policy does not react to, and a deadline that is not due.
    let expected = Tally { applied: 1, duplicate: 1, skipped: 2, retried: 1, parked: 2 };
    assert_eq!(report.tally, expected, "{:?}", report.reasons);
    assert_eq!(report.failed, ["2"], "an event of newer code waits for the deployment");
    let reasons: Vec<String> = world.parking.dump().into_iter().map(|(_, it)| it).collect();
    assert!(reasons.contains(&"the deadline belongs to another policy".to_owned()), "{reasons:?}");
}

#[tokio::test]
async fn an_event_of_a_newer_version_waits_and_is_never_dropped_s12() {
    let world = World::new();
    let opened = world.open("t-1").await;
    let newer = Envelope { schema_version: 2, ..opened.clone() };
    let report = world.take(Arc::new(closing()), &[&Message::of(&newer).body]).await;
    assert_eq!(report.failed, ["0"]);
    assert!(world.parking.dump().is_empty());
    assert!(world.events::<Closing>("t-1").await.is_empty());
    // The deployment is over.
    let report = world.take(Arc::new(closing()), &[&Message::of(&opened).body]).await;
    assert_eq!(report.tally.applied, 1);
}

/// An event that no deployment will ever understand, and a due process that the store cannot answer for.
#[tokio::test]
async fn a_policy_retries_nothing_for_ever_and_parks_it_with_its_reason_s15() {
    let world = World::new();
    let newer = Envelope { schema_version: 2, ..world.open("t-1").await };
    let absent = Envelope { aggregate_id: "t-2".into(), ..world.open("t-3").await };
    let bodies = [Message::of(&newer).body, Message::of(&absent).body];
    let parking = Arc::new(world.parking.clone());
    let manager = ProcessManager::of(Arc::new(closing()), world.ports(), parking);
    let mut waiting: Vec<usize> = (0..bodies.len()).collect();
    for delivery in 1..=DELIVERIES_MAX {
        let mut batch = QueueBatch::default();
        for place in &waiting {
            let message = Delivered { id: place.to_string(), record: bodies[*place].clone() };
            batch.add(message, Some(delivery));
        }
        let left = || Duration::from_secs(30);
        let take = |messages| manager.take(messages, left);
        let report = batch.handle(manager.host(), manager.parking(), left, take).await;
        waiting.retain(|place| report.failed.contains(&place.to_string()));
        assert_eq!(waiting.is_empty(), delivery >= TRIES_MAX, "delivery {delivery}");
    }
    let parked = world.parking.dump();
    assert_eq!(parked.len(), bodies.len());
    for (reason, why) in
        parked.iter().map(|(_, it)| it).zip(["schema version 2", "not in the store"])
    {
        assert!(reason.contains("gave up after") && reason.contains(why), "{reason}");
    }
}
