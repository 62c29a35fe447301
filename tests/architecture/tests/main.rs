//! Holds what the compiler cannot: the direction of dependencies between the crates, what is published, the safety
//! properties of `template.yaml`, that the README's cost table is the measured one, and that every bad input has its
//! tests. Reads only files of this checkout and what cargo says of them.

// Helpers outside `#[test]` functions are test code too; clippy.toml's exemption does not reach them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's way to fail is to panic"
)]

mod bad_inputs;
mod costs;
mod dependencies;
mod packages;
mod template;
