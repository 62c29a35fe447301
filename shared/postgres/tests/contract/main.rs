//! PostgreSQL keeps the contracts, and each of its errors becomes the port's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod errors;
mod migrations;
mod passwords;
mod proxy;
mod roles;
mod round_trips;
mod server;
mod tls;
mod together;

mod contracts {
    use dekigoto_testkit::{generation_contract, outbox_contract, store_contract, view_contract};

    use crate::server;

    #[tokio::test]
    #[ignore = "needs the server of DATABASE_URL: make platforms"]
    async fn postgres_keeps_the_store_contract() {
        store_contract(server::events).await;
    }

    #[tokio::test]
    #[ignore = "needs the server of DATABASE_URL: make platforms"]
    async fn postgres_keeps_the_view_contract() {
        view_contract(server::views).await;
    }

    #[tokio::test]
    #[ignore = "needs the server of DATABASE_URL: make platforms"]
    async fn postgres_keeps_the_generation_contract() {
        generation_contract(server::erasable_views).await;
    }

    #[tokio::test]
    #[ignore = "needs the server of DATABASE_URL: make platforms"]
    async fn postgres_keeps_the_outbox_contract() {
        outbox_contract(server::outbox).await;
    }
}
