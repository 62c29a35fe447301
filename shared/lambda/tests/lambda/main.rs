//! Reads the input from AWS: requests, batches, stream records, identities, settings.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
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
mod kafka;
mod records;
mod settings;
