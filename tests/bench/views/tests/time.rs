//! Time, in virtual time: a batch of messages, and the retry queue after an outage. Each call to AWS takes 10 ms.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Bus, Commit, Host as _, Message, Payload, Pointer, Ports, Refused, Source,
    batch::Delivered,
    memory::{MemoryParking, MemoryRetryQueue, MemoryStore, MemoryViews},
    relay::Relay,
    views::Projector,
};
use dekigoto_testkit::{SlowStore, SlowViews, VirtualHost};
use order_service::{OrderSummaryView, service};
use orders::OrderId;

use crate::order;

/// A call to AWS.
pub(crate) const CALL: Duration = Duration::from_millis(10);

/// Messages of a full batch, one of each order.
const MESSAGES: usize = 100;

/// The most pointers that an invocation gets, and the invocations at a time: `BatchSize` and `MaximumConcurrency` of the
/// retry queue in the template.
pub(crate) const POINTERS: usize = 10;
pub(crate) const INVOCATIONS: usize = 10;

/// Before, two invocations ran at a time, each of which published pointer after pointer.
pub(crate) const INVOCATIONS_BEFORE: usize = 2;

/// Minutes: no measurement runs into a time-out.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);

/// Two measurements of the same work.
pub(crate) struct Measured {
    pub(crate) before: f64,
    pub(crate) now: f64,
}

/// The seconds in which the order's view takes a batch of [`MESSAGES`] orders, and in which it takes one after the other.
pub(crate) async fn hundred_messages() -> Measured {
    let mut messages = Vec::new();
    let store = MemoryStore::new();
    for place in 0..MESSAGES {
        let event = order::placed_only(&store, nth(place)).await;
        messages.push(Delivered { id: format!("m{place}"), record: Message::of(&event).body });
    }
    let take = |batches: Vec<Vec<Delivered<String>>>| {
        let host = VirtualHost::default();
        let slow = SlowStore::new(Arc::new(store.clone()), host.clone(), CALL);
        let views = SlowViews::new(Arc::new(MemoryViews::new()), host.clone(), CALL);
        let ports =
            Ports { store: Arc::new(slow), views: Arc::new(views), host: Arc::new(host.clone()) };
        let parking = Arc::new(MemoryParking::default());
        let projector = Projector::new::<dekigoto::views::Single<OrderSummaryView>>(ports, parking);
        let applied: usize = batches
            .into_iter()
            .map(|batch| host.run(projector.take(batch, || TIMEOUT)).0.tally.applied)
            .sum();
        assert_eq!(applied, MESSAGES);
        host.monotonic().as_secs_f64()
    };
    let one_by_one = messages.iter().map(|message| vec![message.clone()]).collect();
    Measured { before: take(one_by_one), now: take(vec![messages]) }
}

/// The commits a second that the retry queue publishes after an outage of both targets.
pub(crate) async fn retry_drain() -> Measured {
    let store = MemoryStore::new();
    let mut pointers = Vec::new();
    for place in 0..POINTERS {
        order::placed_only(&store, nth(place)).await;
    }
    for (place, item) in store.dump().into_iter().enumerate() {
        let pointer = Pointer::to(&Commit::try_from(item).unwrap());
        let record = Payload::of(&pointer).unwrap().as_str().to_owned();
        pointers.push(Delivered { id: format!("m{place}"), record });
    }
    let take = |batches: Vec<Vec<Delivered<String>>>| {
        let host = VirtualHost::default();
        let bus = Arc::new(SlowBus(host.clone()));
        let relay = Relay {
            topic: bus.clone(),
            bus,
            retry: Arc::new(MemoryRetryQueue::default()),
            parking: Arc::new(MemoryParking::default()),
            store: Arc::new(SlowStore::new(Arc::new(store.clone()), host.clone(), CALL)),
            host: Arc::new(host.clone()),
            announcements: service().announcements().clone(),
        };
        let applied: usize = batches
            .into_iter()
            .map(|batch| host.run(relay.take_retries(batch, || TIMEOUT)).0.tally.applied)
            .sum();
        assert_eq!(applied, POINTERS);
        number(POINTERS) / host.monotonic().as_secs_f64()
    };
    let one_by_one = pointers.iter().map(|pointer| vec![pointer.clone()]).collect();
    Measured {
        before: take(one_by_one) * number(INVOCATIONS_BEFORE),
        now: take(vec![pointers]) * number(INVOCATIONS),
    }
}

/// A topic or a bus.
struct SlowBus(VirtualHost);

#[async_trait]
impl Bus for SlowBus {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.0.sleep(CALL).await;
        Ok(vec![Ok(()); batch.len()])
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

pub(crate) fn nth(place: usize) -> OrderId {
    OrderId::derive("bench", &format!("key-{place}").parse().unwrap())
}
