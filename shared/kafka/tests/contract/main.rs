//! Kafka keeps the contracts, and each of its errors becomes the port's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;
mod consumers;
mod faults;
mod poison;
mod server;

use std::time::Duration;

use dekigoto::{Host as _, SystemHost};
use dekigoto_testkit::{RelaySubject, bus_contract, memory_outbox, relay_contract};
use krafka::testing::FakeBroker;

use broker::Topic;

#[tokio::test]
async fn kafka_keeps_the_bus_contract() {
    let broker = FakeBroker::start().await.unwrap();
    bus_contract(async || Topic::fresh(&broker.bootstrap_servers()).await).await;
}

#[tokio::test]
async fn kafka_keeps_the_relay_contract() {
    let broker = FakeBroker::start().await.unwrap();
    let brokers = broker.bootstrap_servers();
    relay_contract(async || RelaySubject {
        outbox: memory_outbox(),
        topic: Topic::fresh(&brokers).await,
        bus: Topic::fresh(&brokers).await,
    })
    .await;
}

/// A monotonic clock.
fn clock() -> Duration {
    SystemHost.monotonic()
}
