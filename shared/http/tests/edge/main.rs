//! The edge without a service: each test sends requests to handlers of its own.

// clippy.toml exempts only `#[test]` functions, not their helpers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod bodies;
mod commands;
mod lists;
mod problems;
mod support;
