//! Reading what AWS delivers: requests, batches, stream records, identities, settings.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod batches;
mod connections;
mod gateway;
mod identities;
mod records;
mod settings;
