//! How long a relay keeps entries for itself, and how long they wait after a failure.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Bus, Pointer, Refused, RetryQueue, Source,
    outbox::{
        EntryId, Leased,
        Order::{self, Any},
        Outbox,
    },
};

use super::{OutboxSubject, append, relays::relay};
use crate::scripted::Down;

/// An outbox that notes the times that it is told, and lets no entry wait.
struct Noting {
    inner: Arc<dyn Outbox>,
    leases: Mutex<Vec<Duration>>,
    waits: Mutex<Vec<Duration>>,
}

impl Noting {
    fn around(inner: Arc<dyn Outbox>) -> Self {
        Self { inner, leases: Mutex::default(), waits: Mutex::default() }
    }
}

#[async_trait]
impl RetryQueue for Noting {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.inner.put(pointers).await
    }
}

#[async_trait]
impl Outbox for Noting {
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        self.leases.lock().unwrap().push(time);
        self.inner.lease(limit, time, order).await
    }

    async fn done(&self, entries: &[EntryId]) -> Result<(), Source> {
        self.inner.done(entries).await
    }

    async fn put_back(&self, entry: EntryId, wait: Duration) -> Result<(), Source> {
        self.waits.lock().unwrap().push(wait);
        self.inner.put_back(entry, Duration::ZERO).await
    }

    async fn waiting(&self) -> Result<u64, Source> {
        self.inner.waiting().await
    }
}

/// Otherwise another relay would send the same.
pub(super) async fn a_lease_outlasts_the_round_that_took_it(subject: &dyn OutboxSubject) {
    let outbox = Noting::around(subject.outbox());
    let down: Arc<dyn Bus> = Arc::new(Down);
    let relay = relay(subject, Arc::clone(&down), down);
    for seconds in [0, 8, 900] {
        let round = Duration::from_secs(seconds);
        relay.take_outbox(&outbox, Any, || round).await.unwrap();
        let lease = outbox.leases.lock().unwrap().pop().unwrap();
        assert!(lease > round, "{lease:?}");
    }
}

pub(super) async fn what_fails_again_waits_longer_and_at_most_six_minutes(
    subject: &dyn OutboxSubject,
) {
    append(subject, "a", 1).await;
    let outbox = Noting::around(subject.outbox());
    let down: Arc<dyn Bus> = Arc::new(Down);
    let relay = relay(subject, Arc::clone(&down), down);
    for _ in 0..16 {
        relay.take_outbox(&outbox, Any, || Duration::from_secs(60)).await.unwrap();
    }
    let waits = outbox.waits.lock().unwrap().clone();
    assert_eq!(waits.len(), 16);
    let longest = |waits: &[Duration]| waits.iter().max().copied().unwrap_or_default();
    assert!(longest(&waits[..3]) < Duration::from_secs(2), "{waits:?}");
    assert!(longest(&waits[13..]) > Duration::from_secs(30), "{waits:?}");
    assert!(longest(&waits) <= Duration::from_secs(360), "{waits:?}");
}
