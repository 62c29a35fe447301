//! The in-memory adapters keep the contracts.

use dekigoto_testkit::{
    memory_outbox, memory_store, memory_views, outbox_contract, store_contract, view_contract,
};

#[tokio::test]
async fn memory_keeps_the_store_contract() {
    store_contract(async || memory_store()).await;
}

#[tokio::test]
async fn memory_keeps_the_view_contract() {
    view_contract(async || memory_views()).await;
}

#[tokio::test]
async fn memory_keeps_the_outbox_contract() {
    outbox_contract(async || memory_outbox()).await;
}
