//! The functions' own handlers, fed what AWS delivers.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail is to panic"
)]

mod batches;
mod callers;
mod contract;
mod forged;
mod hostile;
mod log;
mod logs;
mod samples;
mod support;
