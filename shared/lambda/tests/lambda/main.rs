//! What AWS delivers, taken apart: requests, batches, stream records, identities, settings.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail is to panic"
)]

mod batches;
mod connections;
mod gateway;
mod identities;
mod records;
mod settings;
