//! The kit on its memory adapters, and on adapters that fail: publishing, projecting and the engine.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail is to panic"
)]

mod across;
mod engine;
mod examples;
mod hot;
mod schemas;
mod sending;
mod single;
mod slow;
mod support;
