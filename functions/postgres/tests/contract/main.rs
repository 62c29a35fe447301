//! The functions as Lambda runs them, on the PostgreSQL and the Kafka of `make platforms`, each with the user of its stack.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../../../shared/kafka/tests/contract/broker.rs"]
mod broker;
mod order;
mod relays;
mod runtime;
#[expect(dead_code, reason = "the suites of the store use the rest")]
#[path = "../../../../shared/postgres/tests/contract/server.rs"]
mod server;
mod stack;

/// A monotonic clock.
fn clock() -> std::time::Duration {
    use dekigoto::{Host as _, SystemHost};
    SystemHost.monotonic()
}
