//! A consumer in a process: what it commits, what comes again, and what is parked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Attribute, Bus as _, Host, Message, MessageHandler, Parking, SystemHost, TimeLeft, Timestamp,
    batch::{Delivered, Outcome, Report, take_queue},
    log,
    memory::MemoryParking,
};
use dekigoto_kafka::{Cluster, KafkaBus, KafkaConsumer, KafkaFailure, Observer};
use krafka::{
    error::ErrorCode,
    testing::{ApiKey, Control, FakeBroker},
};

use crate::clock;

pub(crate) const TOPIC: &str = "events";
const GROUP: &str = "order-summary";

/// Longer than a group takes to give the partitions of a member that died to another.
const SOON: Duration = Duration::from_secs(30);

/// A handler that keeps what it gets. `poison` is parked; `later` fails, and `hangs` does not end, until [`Shelf::heal`] is called.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    state: Arc<Mutex<State>>,
    pub(crate) parking: MemoryParking,
}

#[derive(Default)]
struct State {
    handled: Vec<String>,
    failures: usize,
    is_healthy: bool,
}

impl Shelf {
    pub(crate) fn heal(&self) {
        self.state.lock().unwrap().is_healthy = true;
    }

    pub(crate) fn handled(&self) -> Vec<String> {
        self.state.lock().unwrap().handled.clone()
    }

    pub(crate) fn failures(&self) -> usize {
        self.state.lock().unwrap().failures
    }

    async fn outcome(&self, id: &str, body: &str) -> Outcome {
        if body.starts_with("poison") {
            log::park(&self.parking, id, body, "it is poison").await.unwrap();
            return Outcome::Parked("it is poison".to_owned());
        }
        if body.starts_with("hangs") && !self.state.lock().unwrap().is_healthy {
            return std::future::pending().await;
        }
        let mut state = self.state.lock().unwrap();
        if body.starts_with("later") && !state.is_healthy {
            state.failures += 1;
            return Outcome::Retry("the table is slow".to_owned());
        }
        state.handled.push(body.to_owned());
        Outcome::Applied
    }

    /// Waits until a condition holds.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let began = clock();
        while !holds(self) {
            assert!(clock() - began < SOON, "handled: {:?}", self.handled());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[async_trait]
impl MessageHandler for Shelf {
    fn title(&self) -> String {
        "view shelf".to_owned()
    }

    fn consumer(&self) -> String {
        "shelf".to_owned()
    }

    fn parking(&self) -> &dyn Parking {
        &self.parking
    }

    fn host(&self) -> &dyn Host {
        &SystemHost
    }

    async fn handle(&self, messages: Vec<Delivered<String>>, time_left: &TimeLeft<'_>) -> Report {
        let step = async |messages: Vec<Delivered<String>>| {
            let mut outcomes = Vec::new();
            for message in &messages {
                outcomes.push(self.outcome(&message.id, &message.record).await);
            }
            outcomes
        };
        let with_id = |it: Delivered<String>| Delivered { id: it.id.clone(), record: it };
        let messages = messages.into_iter().map(with_id).collect();
        take_queue(&SystemHost, messages, |_| (), time_left, step).await
    }
}

/// Ignores what a consumer tells.
pub(crate) struct Quiet;

impl Observer for Quiet {
    fn handled(&self, _: &str, _: &Report) {}

    fn trouble(&self, _: &str, _: &KafkaFailure) {}
}

/// A running member of the group.
pub(crate) struct Running {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(cluster: &Cluster, topic: &str, shelf: &Shelf) -> Self {
        let consumer = KafkaConsumer::new(cluster, GROUP, [topic.to_owned()]);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let shelf = shelf.clone();
        let task = tokio::spawn(async move {
            consumer.run(&shelf, &Quiet, async { drop(stopped.await) }).await;
        });
        Self { stop, task }
    }

    /// Ends it as a process that leaves the group.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}

pub(crate) async fn send(cluster: &Cluster, topic: &str, messages: &[(&str, &str)]) {
    let at = Timestamp::from_millis(1_795_424_400_123).unwrap();
    let message = |(key, body): &(&str, &str)| Message {
        key: (*key).to_owned(),
        body: (*body).to_owned(),
        attributes: vec![("schemaVersion", Attribute::Number(1))],
        kind: "OrderPlaced".to_owned(),
        at,
    };
    let messages: Vec<_> = messages.iter().map(message).collect();
    for answer in KafkaBus::new(cluster, topic).send(&messages).await.unwrap() {
        answer.unwrap();
    }
}

pub(crate) async fn broker(partitions: i32) -> (FakeBroker, Cluster) {
    let broker = FakeBroker::start().await.unwrap();
    broker.create_topic(TOPIC, partitions);
    let cluster = Cluster::new(broker.bootstrap_servers());
    (broker, cluster)
}

/// The committed offsets of all partitions, together.
fn committed(broker: &FakeBroker) -> i64 {
    (0..8).filter_map(|it| broker.committed_offset(GROUP, TOPIC, it)).sum()
}

pub(crate) async fn until_committed(broker: &FakeBroker, offset: i64) {
    let began = clock();
    while committed(broker) != offset {
        assert!(clock() - began < SOON, "committed: {}", committed(broker));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_was_handled_is_committed_and_does_not_come_again() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "1"), ("a", "2")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.handled().len() == 2).await;
    until_committed(&broker, 2).await;
    running.stop().await;
    send(&cluster, TOPIC, &[("a", "3")]).await;
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.handled().len() == 3).await;
    running.stop().await;
    assert_eq!(shelf.handled(), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_record_that_fails_comes_again_and_is_never_passed_by_a_commit_l1() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "1"), ("a", "later"), ("a", "2")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.failures() >= 3).await;
    assert_eq!(committed(&broker), 1, "the failed record is at offset 1");
    running.kill();
    // Another process takes over, and the record has not been lost.
    shelf.heal();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 3).await;
    running.stop().await;
    assert!(shelf.handled().contains(&"later".to_owned()));
}

#[tokio::test]
async fn a_member_that_dies_in_the_middle_of_a_batch_has_committed_nothing_of_it_l1() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "1"), ("a", "hangs"), ("a", "2")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.handled() == ["1"]).await;
    assert_eq!(committed(&broker), 0);
    running.kill();
    shelf.heal();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 3).await;
    running.stop().await;
    assert_eq!(shelf.handled(), ["1", "1", "hangs", "2"], "the batch came again");
}

#[tokio::test]
async fn a_failing_record_holds_up_its_own_partition_only() {
    let (broker, cluster) = broker(8).await;
    send(&cluster, TOPIC, &[("k0", "later")]).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    shelf.until(|it| it.failures() >= 1).await;
    let bodies: Vec<_> = (1..20).map(|it| (format!("k{it}"), it.to_string())).collect();
    for chunk in bodies.chunks(10) {
        let chunk: Vec<_> = chunk.iter().map(|(key, body)| (&**key, &**body)).collect();
        send(&cluster, TOPIC, &chunk).await;
    }
    let behind = |broker: &FakeBroker| {
        let records = broker.all_records(TOPIC).unwrap();
        let stuck = records.iter().find(|it| it.value_str() == Some("later")).unwrap().partition;
        records.iter().filter(|it| it.partition == stuck).count() - 1
    };
    let others = 19 - behind(&broker);
    shelf.until(|it| it.handled().len() >= others).await;
    shelf.heal();
    until_committed(&broker, 20).await;
    running.stop().await;
}

#[tokio::test]
async fn a_member_that_the_group_throws_out_joins_again_and_loses_nothing() {
    let (broker, cluster) = broker(2).await;
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    send(&cluster, TOPIC, &[("a", "1"), ("b", "2")]).await;
    until_committed(&broker, 2).await;
    let joins = broker.request_count(ApiKey::JoinGroup);
    broker.on_once(ApiKey::Heartbeat, |_| Control::Error(ErrorCode::UnknownMemberId));
    let began = clock();
    while broker.request_count(ApiKey::JoinGroup) == joins {
        assert!(clock() - began < SOON, "it did not join again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    send(&cluster, TOPIC, &[("a", "3"), ("b", "4")]).await;
    until_committed(&broker, 4).await;
    running.stop().await;
    let mut handled = shelf.handled();
    handled.sort();
    handled.dedup();
    assert_eq!(handled, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_commit_of_a_member_that_was_thrown_out_loses_nothing() {
    let (broker, cluster) = broker(1).await;
    let shelf = Shelf::default();
    broker.on_once(ApiKey::OffsetCommit, |_| Control::Error(ErrorCode::IllegalGeneration));
    let running = Running::start(&cluster, TOPIC, &shelf);
    send(&cluster, TOPIC, &[("a", "1")]).await;
    shelf.until(|it| !it.handled().is_empty()).await;
    send(&cluster, TOPIC, &[("a", "2")]).await;
    until_committed(&broker, 2).await;
    running.stop().await;
    assert!(shelf.handled().contains(&"2".to_owned()));
}

#[tokio::test]
async fn members_that_come_and_die_lose_nothing_in_the_rebalances_l1() {
    let (broker, cluster) = broker(6).await;
    let shelf = Shelf::default();
    let mut members = vec![Running::start(&cluster, TOPIC, &shelf)];
    let mut sent = Vec::new();
    for round in 0..6 {
        for batch in 0..5 {
            let bodies: Vec<_> =
                (0..10).map(|it| (format!("k{it}"), format!("{round}-{batch}-{it}"))).collect();
            let batch: Vec<_> = bodies.iter().map(|(key, body)| (&**key, &**body)).collect();
            send(&cluster, TOPIC, &batch).await;
            sent.extend(bodies.into_iter().map(|(_, body)| body));
        }
        members.push(Running::start(&cluster, TOPIC, &shelf));
        if round % 2 == 0 {
            members.remove(0).stop().await;
        } else {
            members.remove(0).kill();
        }
    }
    let all = |shelf: &Shelf| {
        let handled = shelf.handled();
        sent.iter().all(|body| handled.contains(body))
    };
    shelf.until(all).await;
    until_committed(&broker, i64::try_from(sent.len()).unwrap()).await;
    for member in members {
        member.stop().await;
    }
}

#[tokio::test]
async fn a_broker_that_is_down_is_waited_for() {
    let (broker, cluster) = broker(1).await;
    send(&cluster, TOPIC, &[("a", "1")]).await;
    broker.crash(0);
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    tokio::time::sleep(Duration::from_millis(500)).await;
    broker.restart(0);
    shelf.until(|it| it.handled() == ["1"]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_topic_that_is_created_later_is_read_from_its_beginning() {
    let broker = FakeBroker::start().await.unwrap();
    let cluster = Cluster::new(broker.bootstrap_servers());
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    tokio::time::sleep(Duration::from_millis(500)).await;
    broker.create_topic(TOPIC, 1);
    send(&cluster, TOPIC, &[("a", "1")]).await;
    shelf.until(|it| it.handled() == ["1"]).await;
    running.stop().await;
}

#[tokio::test]
async fn the_records_of_one_key_are_handled_in_order() {
    let (broker, cluster) = broker(3).await;
    for number in 0..10 {
        let bodies: Vec<_> = (0..10).map(|it| (format!("k{}", it % 4), number * 10 + it)).collect();
        let bodies: Vec<_> = bodies.iter().map(|(k, it)| (&**k, format!("{k}:{it:03}"))).collect();
        let batch: Vec<_> = bodies.iter().map(|(key, body)| (*key, &**body)).collect();
        send(&cluster, TOPIC, &batch).await;
    }
    let shelf = Shelf::default();
    let running = Running::start(&cluster, TOPIC, &shelf);
    until_committed(&broker, 100).await;
    running.stop().await;
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for body in shelf.handled() {
        by_key.entry(body.split(':').next().unwrap().to_owned()).or_default().push(body);
    }
    for (key, bodies) in by_key {
        assert!(bodies.is_sorted(), "{key}: {bodies:?}");
    }
}
