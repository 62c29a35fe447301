//! What the outbox holds while a relay sends, and relays that work on it at the same time.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dekigoto::{
    Bus, Message,
    outbox::{
        Order::{Any, PerStream},
        Outbox,
    },
    relay::Relay,
};
use futures_util::future::join_all;

use super::{
    OutboxSubject, append,
    leases::{ROUNDS_MAX, pause},
    relays::{minute, relay, round, versions},
};
use crate::{ScriptedBus, scripted::BusAnswer};

/// A bus that looks at the outbox before it takes a batch: how many entries wait, and how many another relay would get.
struct Looking {
    outbox: Arc<dyn Outbox>,
    seen: Mutex<Vec<(u64, usize)>>,
}

impl Looking {
    fn at(subject: &dyn OutboxSubject) -> Arc<Self> {
        Arc::new(Self { outbox: subject.outbox(), seen: Mutex::default() })
    }

    fn seen(&self) -> Vec<(u64, usize)> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Bus for Looking {
    async fn send(&self, batch: &[Message]) -> BusAnswer {
        let others = self.outbox.lease(1000, minute(), Any).await?.len();
        let waiting = self.outbox.waiting().await?;
        self.seen.lock().unwrap().push((waiting, others));
        Ok(vec![Ok(()); batch.len()])
    }
}

/// So a relay that dies while it sends loses nothing, and no other relay sends the same.
pub(super) async fn an_entry_stays_leased_until_both_targets_have_its_messages_l1(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 3).await;
    let outbox = subject.outbox();
    let (topic, bus) = (Looking::at(subject), Looking::at(subject));
    let report = round(&relay(subject, topic.clone(), bus.clone()), &*outbox, Any).await;
    assert_eq!(report.tally.applied, 3);
    assert_eq!((topic.seen(), bus.seen()), (vec![(3, 0)], vec![(3, 0)]));
    assert_eq!(outbox.waiting().await.unwrap(), 0);
}

/// Some of their messages are refused, and sent again. Each relay has a connection of its own, where a store has connections.
pub(super) async fn many_relays_publish_the_commits_of_each_stream_in_order(
    subject: &dyn OutboxSubject,
) {
    let streams = ["a", "b", "c", "d", "e"];
    for id in streams {
        append(subject, id, 6).await;
    }
    let topic = ScriptedBus::new(|call, batch| {
        ScriptedBus::refusing(batch, false, |message| (call + message.body.len()) % 3 == 0)
    });
    let relays: Vec<_> = (0..4)
        .map(|_| (relay(subject, topic.clone(), ScriptedBus::reliable()), subject.outbox()))
        .collect();
    join_all(relays.iter().map(|(relay, outbox)| work(relay, &**outbox))).await;
    let versions = versions(&topic);
    assert_eq!(versions.len(), streams.len());
    for (stream, versions) in versions {
        assert_eq!(versions, [1, 2, 3, 4, 5, 6], "{stream}");
    }
}

/// Publishes until the outbox is empty, also while another relay has leased everything.
async fn work(relay: &Relay, outbox: &dyn Outbox) {
    for _ in 0..ROUNDS_MAX {
        round(relay, outbox, PerStream).await;
        if outbox.waiting().await.unwrap() == 0 {
            return;
        }
        pause().await;
    }
    panic!("the outbox does not become empty");
}
