//! Tests of engine, relay and views on in-memory adapters, and on adapters that fail.

// clippy.toml exempts only `#[test]` functions, not their helpers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod across;
mod closing;
mod cut;
mod deadlines;
mod engine;
mod examples;
mod forged;
mod generations;
mod hot;
mod merged;
mod policy_specs;
mod processes;
mod reads;
mod replay;
mod rolling;
mod schemas;
mod sending;
mod shop;
mod single;
mod slow;
mod subscriber;
mod support;
mod sweep;
mod verify;
mod views;
