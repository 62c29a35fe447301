//! The specification of a relay between an outbox and two buses, as cases that every pair of adapters passes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use dekigoto::{
    Bus, Envelope,
    batch::Delivered,
    outbox::Order::{Any, PerStream},
    relay::Relay,
};

use crate::{
    Arrived, BusSubject, OutboxSubject,
    cases::Cases,
    outbox_contract::{append, drain, parked, relay_to},
    scripted::Down,
};

/// A store with its outbox, the topic and the bus.
pub struct RelaySubject {
    /// The store and its outbox.
    pub outbox: Box<dyn OutboxSubject>,
    /// The bus for domain events.
    pub topic: Box<dyn BusSubject>,
    /// The bus for integration events.
    pub bus: Box<dyn BusSubject>,
}

/// Runs every case on a subject of its own, and panics with the names of the cases that failed.
pub async fn relay_contract<F, S>(fresh: F)
where
    F: Fn() -> S,
    S: Future<Output = RelaySubject>,
{
    let mut cases = Cases::default();
    macro_rules! cases {
        ($($case:ident,)+) => {
            $(cases.run(stringify!($case), async { $case(&fresh().await).await }).await;)+
        };
    }
    cases! {
        each_event_arrives_once_at_each_target_when_nothing_fails_s7,
        in_order_the_events_of_a_stream_arrive_in_order,
        a_relay_that_dies_after_it_sent_loses_nothing_l1,
        a_target_that_is_down_gets_everything_later_and_the_other_nothing_twice_l1,
    }
    cases.report("relay contract");
}

impl RelaySubject {
    fn relay(&self) -> Relay {
        relay_to(&*self.outbox, self.topic.bus(), self.bus.bus())
    }
}

/// The versions of each stream, in the order of their arrival.
fn versions(arrived: &[Arrived]) -> BTreeMap<String, Vec<u64>> {
    let mut versions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for message in arrived {
        let event: Envelope = serde_json::from_str(&message.body).unwrap();
        versions.entry(event.aggregate_id).or_default().push(event.version.get());
    }
    versions
}

async fn each_event_arrives_once_at_each_target_when_nothing_fails_s7(subject: &RelaySubject) {
    for stream in 0..12 {
        append(&*subject.outbox, &format!("s{stream}"), 4).await;
    }
    drain(&subject.relay(), &*subject.outbox.outbox(), Any).await;
    let versions = versions(&subject.topic.arrived(48).await);
    assert_eq!(versions.len(), 12);
    for (stream, mut versions) in versions {
        versions.sort_unstable();
        assert_eq!(versions, [1, 2, 3, 4], "{stream}");
    }
    let announced = subject.bus.arrived(48).await;
    assert_eq!(announced.len(), 48);
    assert!(announced.iter().all(|it| it.body.contains("NumberAdded")));
    assert_eq!(parked(&*subject.outbox).await, []);
}

async fn in_order_the_events_of_a_stream_arrive_in_order(subject: &RelaySubject) {
    for id in ["a", "b", "c"] {
        append(&*subject.outbox, id, 6).await;
    }
    drain(&subject.relay(), &*subject.outbox.outbox(), PerStream).await;
    for (stream, mut versions) in versions(&subject.topic.arrived(18).await) {
        if !subject.topic.promises().keeps_order {
            versions.sort_unstable();
        }
        assert_eq!(versions, [1, 2, 3, 4, 5, 6], "{stream}");
    }
}

/// It sent the messages, and died before it deleted their entries. Consumers see each event at least once.
async fn a_relay_that_dies_after_it_sent_loses_nothing_l1(subject: &RelaySubject) {
    append(&*subject.outbox, "a", 3).await;
    let outbox = subject.outbox.outbox();
    let relay = subject.relay();
    let leased = outbox.lease(2, Duration::ZERO, Any).await.unwrap();
    let messages = leased
        .iter()
        .map(|entry| Delivered { id: entry.pointer.clone(), record: entry.pointer.clone() });
    let sent = relay.take_retries(messages.collect(), || Duration::from_secs(60)).await;
    assert_eq!(sent.tally.applied, 2);
    drain(&relay, &*outbox, Any).await;
    let mut versions = versions(&subject.topic.arrived(5).await)["a"].clone();
    assert_eq!(versions.len(), 5, "the first two came twice");
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions, [1, 2, 3]);
}

async fn a_target_that_is_down_gets_everything_later_and_the_other_nothing_twice_l1(
    subject: &RelaySubject,
) {
    let down: Arc<dyn Bus> = subject.topic.missing().unwrap_or_else(|| Arc::new(Down));
    append(&*subject.outbox, "a", 2).await;
    let outbox = subject.outbox.outbox();
    let failing = relay_to(&*subject.outbox, down, subject.bus.bus());
    let minute = || Duration::from_secs(60);
    let report = failing.take_outbox(&*outbox, Any, minute).await.unwrap();
    assert_eq!(report.tally.applied, 2, "each is another entry now: {report:?}");
    drain(&subject.relay(), &*outbox, Any).await;
    assert_eq!(versions(&subject.topic.arrived(2).await)["a"].len(), 2);
    assert_eq!(subject.bus.arrived(2).await.len(), 2);
}
