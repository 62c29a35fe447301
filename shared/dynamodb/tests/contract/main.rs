//! The adapters keep the contracts, on an embedded DynamoDB and on the AWS emulator, and they sort errors correctly.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deadlines;
mod embedded;
mod emulator;
mod lost_replies;
mod price;
mod refusals;
mod scripted_events;
mod scripted_views;
mod tables;

use dekigoto_testkit::{generation_contract, store_contract, view_contract};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dynamodb_keeps_the_store_contract() {
    let service = embedded::service().await;
    store_contract(async || service.event_subject().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dynamodb_keeps_the_view_contract() {
    let service = embedded::service().await;
    view_contract(async || service.view_subject().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dynamodb_keeps_the_generation_contract() {
    let service = embedded::service().await;
    generation_contract(async || service.erasable_views().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the AWS emulator: make e2e"]
async fn the_aws_emulator_keeps_both_contracts() {
    let service = emulator::service();
    store_contract(async || service.event_subject().await).await;
    view_contract(async || service.view_subject().await).await;
}
