//! The retry queue after an outage, in real time: what the relay itself needs, and what it waits for.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Bus, Commit, EventStore, Host as _, Message, Pointer, ReadError, ReadFrom,
    StreamId, SystemHost,
    memory::{MemoryParking, MemoryRetryQueue, MemoryStore},
    relay::Relay,
};
use dekigoto_testkit::BusAnswer;
use futures_util::future::join_all;
use order_service::service;

use super::placed;
use crate::support::{delivered, plenty};

/// The most pointers that an invocation gets, and the invocations at a time: `BatchSize` and `MaximumConcurrency` of the
/// retry queue in the template.
const POINTERS: usize = 10;
const INVOCATIONS: usize = 10;

/// Commits that the outage has left behind.
const COMMITS: usize = 5_000;

/// A call to AWS.
const CALL: Duration = Duration::from_millis(10);

/// Topic, bus and store, whose calls take so long.
struct Aws(Duration, MemoryStore);

impl Aws {
    async fn call(&self) {
        if self.0 > Duration::ZERO {
            SystemHost.sleep(self.0).await;
        }
    }
}

#[async_trait]
impl Bus for Aws {
    async fn send(&self, batch: &[Message]) -> BusAnswer {
        self.call().await;
        Ok(vec![Ok(()); batch.len()])
    }
}

#[async_trait]
impl EventStore for Aws {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        unimplemented!("the relay appends nothing")
    }

    async fn read(&self, of: &StreamId, from: ReadFrom, n: u32) -> Result<Vec<Commit>, ReadError> {
        self.call().await;
        self.1.read(of, from, n).await
    }
}

/// Commits a second that so many invocations at a time publish, on one thread.
async fn speed(store: &MemoryStore, pointers: &[String], call: Duration, at_a_time: usize) -> f64 {
    let aws = Arc::new(Aws(call, store.clone()));
    let relay = &Relay {
        topic: aws.clone(),
        bus: aws.clone(),
        retry: Arc::new(MemoryRetryQueue::default()),
        parking: Arc::new(MemoryParking::default()),
        store: aws,
        host: Arc::new(SystemHost),
        announcements: service().announcements().clone(),
    };
    let began = SystemHost.monotonic();
    let shares = pointers.chunks(pointers.len().div_ceil(at_a_time));
    let applied = join_all(shares.map(|share| async move {
        let mut applied = 0;
        for batch in share.chunks(POINTERS) {
            applied += relay.take_retries(delivered(batch), plenty).await.tally.applied;
        }
        applied
    }));
    let applied: usize = applied.await.into_iter().sum();
    assert_eq!(applied, pointers.len());
    let took = SystemHost.monotonic().saturating_sub(began);
    f64::from(u32::try_from(applied).unwrap()) / took.as_secs_f64()
}

/// Ten Lambda functions have a processor each; here they share one, so this is the least of what they reach.
#[tokio::test]
#[ignore = "needs a release build: cargo test --release -p order-service --test service -- --ignored --nocapture drain"]
async fn ten_invocations_drain_a_thousand_commits_a_second_in_real_time() {
    let (shop, _) = placed(COMMITS).await;
    let commits = shop.commits();
    let pointers: Vec<String> = commits.iter().map(|it| Pointer::to(it).text()).collect();
    let relay_alone = speed(&shop.store, &pointers, Duration::ZERO, INVOCATIONS).await;
    let one = speed(&shop.store, &pointers[..COMMITS / INVOCATIONS], CALL, 1).await;
    let ten = speed(&shop.store, &pointers, CALL, INVOCATIONS).await;
    println!(
        "commits a second from the retry queue: {relay_alone:.0} without waiting, {one:.0} by one invocation \
         and {ten:.0} by ten when a call takes {CALL:?}"
    );
    assert!(ten >= 1_000.0, "{ten:.0}");
}
