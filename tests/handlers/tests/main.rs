//! Tests of the functions' handlers with events from AWS.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod batches;
mod callers;
#[path = "../../../shared/lambda/src/capture.rs"]
mod capture;
#[path = "../../bench/views/tests/charged.rs"]
mod charged;
mod contract;
mod counts;
mod drain;
#[path = "../../bench/views/tests/engine.rs"]
mod engine;
mod forged;
mod hostile;
mod journey;
mod kafka;
mod leading_keys;
mod log;
mod log_cost;
mod logs;
mod metrics;
mod order_cost;
mod order_invocations;
mod policy;
mod rebuild;
mod samples;
mod spans;
mod support;
mod traces;
