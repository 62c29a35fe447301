//! How long a relay keeps entries for itself, and how long they wait after a failure.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{
    Bus, Source,
    outbox::{
        EntryId, Leased,
        Order::{self, Any},
        Outbox,
    },
};

use super::{OutboxSubject, append, relays::relay};
use crate::{Wrapped, WrapsOutbox, scripted::Down};

/// An outbox that notes the times that it is told, and lets no entry wait.
struct Noting {
    inner: Arc<dyn Outbox>,
    leases: Mutex<Vec<Duration>>,
    waits: Mutex<Vec<Duration>>,
}

impl Noting {
    fn around(inner: Arc<dyn Outbox>) -> Wrapped<Self> {
        Wrapped(Self { inner, leases: Mutex::default(), waits: Mutex::default() })
    }
}

#[async_trait]
impl WrapsOutbox for Noting {
    fn inner(&self) -> &dyn Outbox {
        &*self.inner
    }

    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source> {
        self.leases.lock().unwrap().push(time);
        self.inner.lease(limit, time, order).await
    }

    async fn put_back(&self, entry: EntryId, wait: Duration) -> Result<(), Source> {
        self.waits.lock().unwrap().push(wait);
        self.inner.put_back(entry, Duration::ZERO).await
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
        let lease = outbox.0.leases.lock().unwrap().pop().unwrap();
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
    let waits = outbox.0.waits.lock().unwrap().clone();
    assert_eq!(waits.len(), 16);
    let longest = |waits: &[Duration]| waits.iter().max().copied().unwrap_or_default();
    assert!(longest(&waits[..3]) < Duration::from_secs(2), "{waits:?}");
    assert!(longest(&waits[13..]) > Duration::from_secs(30), "{waits:?}");
    assert!(longest(&waits) <= Duration::from_secs(360), "{waits:?}");
}
