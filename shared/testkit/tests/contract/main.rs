//! The in-memory adapters keep the contracts.

use dekigoto_testkit::{
    RelaySubject, bus_contract, generation_contract, memory_bus, memory_erasable_views,
    memory_outbox, memory_store, memory_views, outbox_contract, relay_contract, store_contract,
    view_contract,
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
async fn memory_keeps_the_generation_contract() {
    generation_contract(async || memory_erasable_views()).await;
}

#[tokio::test]
async fn memory_keeps_the_outbox_contract() {
    outbox_contract(async || memory_outbox()).await;
}

#[tokio::test]
async fn memory_keeps_the_bus_contract() {
    bus_contract(async || memory_bus()).await;
}

#[tokio::test]
async fn memory_keeps_the_relay_contract() {
    relay_contract(async || RelaySubject {
        outbox: memory_outbox(),
        topic: memory_bus(),
        bus: memory_bus(),
    })
    .await;
}
