//! SQLite keeps the contracts, loses nothing that it acknowledged, and says what to do when a file cannot be used.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod entries;
mod files;
mod folder;
mod full;
mod subject;

use dekigoto_testkit::{generation_contract, outbox_contract, store_contract, view_contract};
use folder::Folder;

#[tokio::test]
async fn sqlite_keeps_the_store_contract() {
    let folder = Folder::new();
    store_contract(async || folder.events()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_view_contract() {
    let folder = Folder::new();
    view_contract(async || folder.views()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_generation_contract() {
    let folder = Folder::new();
    generation_contract(async || folder.erasable_views()).await;
}

#[tokio::test]
async fn sqlite_keeps_the_outbox_contract() {
    let folder = Folder::new();
    outbox_contract(async || folder.outbox()).await;
}
