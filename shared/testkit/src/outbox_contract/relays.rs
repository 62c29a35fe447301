//! A relay that publishes what an outbox holds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Bus, Envelope, Parking, Payload, Pointer, Source, Target, Timestamp,
    batch::Report,
    outbox::{
        EntryId,
        Order::{self, Any, PerStream},
        Outbox,
    },
    relay::{Announcements, IntegrationEvent, OUTBOX_ATTEMPTS_MAX, Relay},
};

use super::{OutboxSubject, append, parked};
use crate::{
    ScriptedBus, Wrapped, WrapsOutbox,
    scripted::Down,
    still_host,
    tally::{Event, Tally, stream},
};

/// A relay to this topic and this bus.
pub(crate) fn relay(subject: &dyn OutboxSubject, topic: Arc<dyn Bus>, bus: Arc<dyn Bus>) -> Relay {
    Relay {
        topic,
        bus,
        retry: subject.outbox(),
        parking: subject.parking(),
        store: subject.store(),
        host: Arc::new(still_host()),
        announcements: Announcements::by("tests").of::<Tally>(announce),
    }
}

/// Announces each number, so that both targets have something to refuse.
fn announce(
    _: &String,
    event: &Event,
    _: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let Event::Added(added): &Event = event;
    let data = Payload::of(added)?;
    Ok(vec![IntegrationEvent { detail_type: "NumberAdded", schema_version: 1, data }])
}

pub(super) fn minute() -> Duration {
    Duration::from_secs(60)
}

pub(super) async fn round(relay: &Relay, outbox: &dyn Outbox, order: Order) -> Report {
    relay.take_outbox(outbox, order, minute).await.unwrap()
}

/// Publishes until nothing is due.
pub(crate) async fn drain(relay: &Relay, outbox: &dyn Outbox, order: Order) {
    for _ in 0..100 {
        if round(relay, outbox, order).await.tally.total() == 0 {
            return;
        }
    }
    panic!("the outbox does not become empty");
}

/// Versions by stream, in the order in which they came.
pub(super) fn versions(bus: &ScriptedBus) -> BTreeMap<String, Vec<u64>> {
    let mut versions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for message in bus.taken() {
        let event: Envelope = serde_json::from_str(&message.body).unwrap();
        versions.entry(event.aggregate_id).or_default().push(event.version.get());
    }
    versions
}

pub(super) async fn a_relay_publishes_each_commit_once_when_nothing_fails_s15(
    subject: &dyn OutboxSubject,
) {
    for stream in 0..30 {
        append(subject, &format!("s{stream}"), 5).await;
    }
    for order in [Any, PerStream] {
        append(subject, &format!("more {order:?}"), 3).await;
        let topic = ScriptedBus::reliable();
        let relay = relay(subject, topic.clone(), ScriptedBus::reliable());
        drain(&relay, &*subject.outbox(), order).await;
        let versions = versions(&topic);
        assert_eq!(versions.len(), if order == Any { 31 } else { 1 });
        for (stream, mut versions) in versions {
            versions.sort_unstable();
            let expected: Vec<u64> = (1..=if stream.starts_with('m') { 3 } else { 5 }).collect();
            assert_eq!(versions, expected, "{stream}");
        }
    }
    assert_eq!(parked(subject).await, []);
}

pub(super) async fn what_one_target_refuses_goes_to_that_target_only(subject: &dyn OutboxSubject) {
    append(subject, "a", 1).await;
    let outbox = subject.outbox();
    let pointer = Pointer::new(stream("a"), dekigoto::Ordinal::FIRST).only([Target::Topic]);
    let down: Arc<dyn Bus> = Arc::new(Down);
    let failing = relay(subject, down, ScriptedBus::reliable());
    let report = round(&failing, &*outbox, Any).await;
    assert_eq!((report.tally.applied, report.tally.retried), (1, 0), "it is another entry now");
    let again = outbox.lease(10, Duration::ZERO, Any).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].pointer, pointer.text());
    let topic = ScriptedBus::reliable();
    drain(&relay(subject, topic.clone(), Arc::new(Down)), &*outbox, Any).await;
    assert_eq!(topic.taken().len(), 1);
}

/// It published the commits, and died before it deleted their entries.
pub(super) async fn a_relay_that_dies_publishes_again_and_loses_nothing_l1(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 3).await;
    let outbox = subject.outbox();
    outbox.lease(2, Duration::ZERO, Any).await.unwrap();
    let topic = ScriptedBus::reliable();
    drain(&relay(subject, topic.clone(), ScriptedBus::reliable()), &*outbox, Any).await;
    assert_eq!(versions(&topic)["a"], [1, 2, 3]);
}

pub(super) async fn what_is_refused_for_good_is_parked_with_its_reason_l4(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 1).await;
    append(subject, "b", 1).await;
    let topic = ScriptedBus::new(|_, batch| {
        ScriptedBus::refusing(batch, true, |message| message.body.contains("\"aggregateId\":\"a\""))
    });
    let relay = relay(subject, topic.clone(), ScriptedBus::reliable());
    drain(&relay, &*subject.outbox(), Any).await;
    assert_eq!(versions(&topic).len(), 1);
    let parked = parked(subject).await;
    assert_eq!(parked.len(), 1);
    assert!(parked[0].1.contains("NotToday"), "{parked:?}");
    let pointer: Pointer = serde_json::from_str(&parked[0].0).unwrap();
    assert_eq!((pointer.stream, pointer.targets), (stream("a"), [Target::Topic].into()));
}

pub(super) async fn what_fails_too_often_is_parked_with_its_last_reason_l4(
    subject: &dyn OutboxSubject,
) {
    let outbox = subject.outbox();
    append(subject, "a", 1).await;
    for _ in 1..OUTBOX_ATTEMPTS_MAX {
        outbox.lease(1, Duration::ZERO, Any).await.unwrap();
    }
    append(subject, "b", 1).await;
    let down: Arc<dyn Bus> = Arc::new(Down);
    let report = round(&relay(subject, Arc::clone(&down), down), &*outbox, Any).await;
    assert_eq!((report.tally.parked, report.tally.retried), (1, 1), "{report:?}");
    let parked = parked(subject).await;
    assert_eq!(parked.len(), 1);
    let pointer = Pointer::new(stream("a"), dekigoto::Ordinal::FIRST);
    assert_eq!(parked[0].0, pointer.text());
    assert!(parked[0].1.contains("100 times"), "{parked:?}");
    assert!(parked[0].1.contains("topic: "), "{parked:?}");
}

/// An outbox that takes no entry back.
struct TakesNothingBack(Arc<dyn Outbox>);

#[async_trait]
impl WrapsOutbox for TakesNothingBack {
    fn inner(&self) -> &dyn Outbox {
        &*self.0
    }

    async fn put_back(&self, _: EntryId, _: Duration) -> Result<(), Source> {
        Err("no answer".into())
    }
}

/// Otherwise both are published or parked again when their leases end.
pub(super) async fn what_is_published_or_parked_is_deleted_although_another_entry_cannot_be_put_back(
    subject: &dyn OutboxSubject,
) {
    let outbox = subject.outbox();
    append(subject, "parked", 1).await;
    for _ in 1..OUTBOX_ATTEMPTS_MAX {
        outbox.lease(1, Duration::ZERO, Any).await.unwrap();
    }
    append(subject, "failed", 1).await;
    append(subject, "published", 1).await;
    let bus = || {
        ScriptedBus::new(|_, batch| {
            ScriptedBus::refusing(batch, false, |message| message.key != "published")
        })
    };
    let (topic, bus) = (bus(), bus());
    let relay = relay(subject, topic.clone(), bus);
    let taken = relay.take_outbox(&Wrapped(TakesNothingBack(outbox.clone())), Any, minute).await;
    assert!(taken.is_err(), "{taken:?}");
    assert_eq!((versions(&topic).len(), parked(subject).await.len()), (1, 1));
    assert_eq!(outbox.waiting().await.unwrap(), 1, "only the entry that failed");
}

pub(super) async fn what_cannot_be_parked_stays_in_the_outbox(subject: &dyn OutboxSubject) {
    let outbox = subject.outbox();
    append(subject, "a", 1).await;
    for _ in 1..OUTBOX_ATTEMPTS_MAX {
        outbox.lease(1, Duration::ZERO, Any).await.unwrap();
    }
    let down: Arc<dyn Bus> = Arc::new(Down);
    let parking: Arc<dyn Parking> = Arc::new(Down);
    let relay = Relay { parking, ..relay(subject, Arc::clone(&down), down) };
    let report = round(&relay, &*outbox, Any).await;
    assert_eq!((report.tally.parked, report.tally.retried), (0, 1));
    let id = EntryId(report.failed[0].parse().unwrap());
    outbox.put_back(id, Duration::ZERO).await.unwrap();
    let again = outbox.lease(1, Duration::ZERO, Any).await.unwrap();
    assert_eq!((again[0].id, again[0].attempts), (id, OUTBOX_ATTEMPTS_MAX + 1));
}

/// Every second call fails, so entries wait and come back.
pub(super) async fn in_order_the_commits_of_a_stream_are_published_in_order_despite_failures(
    subject: &dyn OutboxSubject,
) {
    for id in ["a", "b", "c"] {
        append(subject, id, 6).await;
    }
    let topic = ScriptedBus::new(|call, batch| {
        ScriptedBus::refusing(batch, false, |message| (call + message.body.len()) % 2 == 0)
    });
    let relay = relay(subject, topic.clone(), ScriptedBus::reliable());
    drain(&relay, &*subject.outbox(), PerStream).await;
    for (stream, versions) in versions(&topic) {
        assert_eq!(versions, [1, 2, 3, 4, 5, 6], "{stream}");
    }
}
