//! PostgreSQL keeps the contracts, and each of its errors becomes the port's.

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
mod errors;
#[cfg(feature = "server")]
mod passwords;
#[cfg(feature = "server")]
mod proxy;
#[cfg(feature = "server")]
mod roles;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod tls;

#[cfg(feature = "server")]
mod contracts {
    use dekigoto_testkit::{generation_contract, outbox_contract, store_contract, view_contract};

    use crate::server;

    #[tokio::test]
    async fn postgres_keeps_the_store_contract() {
        store_contract(server::events).await;
    }

    #[tokio::test]
    async fn postgres_keeps_the_view_contract() {
        view_contract(server::views).await;
    }

    #[tokio::test]
    async fn postgres_keeps_the_generation_contract() {
        generation_contract(server::erasable_views).await;
    }

    #[tokio::test]
    async fn postgres_keeps_the_outbox_contract() {
        outbox_contract(server::outbox).await;
    }
}
