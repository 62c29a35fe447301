//! Tests of the use cases on memory adapters and on failing ones: HTTP through the router, publishing, projecting.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod files;
mod http;
mod processes;
mod projector;
mod relay;
mod slowest;
mod support;
