//! The functions as Lambda runs them, on the PostgreSQL and the Kafka of `make platforms`, each with the user of its stack.

#![cfg_attr(
    feature = "server",
    expect(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

// Behind a feature, so that they never count as passed where there is no server. `make platforms` enables it.
#[cfg(feature = "server")]
#[path = "../../../../shared/kafka/tests/contract/broker.rs"]
mod broker;
#[cfg(feature = "server")]
mod order;
#[cfg(feature = "server")]
mod relays;
#[cfg(feature = "server")]
mod runtime;
#[cfg(feature = "server")]
#[expect(dead_code, reason = "the suites of the store use the rest")]
#[path = "../../../../shared/postgres/tests/contract/server.rs"]
mod server;
#[cfg(feature = "server")]
mod stack;

#[cfg(feature = "server")]
/// A monotonic clock.
fn clock() -> std::time::Duration {
    use dekigoto::{Host as _, SystemHost};
    SystemHost.monotonic()
}
