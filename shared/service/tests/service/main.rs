//! The use cases on memory adapters, and on adapters that fail: HTTP through the router, publishing, projecting.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail is to panic"
)]

mod files;
mod http;
mod projector;
mod relay;
mod slowest;
mod support;
