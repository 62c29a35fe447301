//! Checks what the compiler cannot: the direction of dependencies between the crates, what is published, the safety
//! properties of `template.yaml`, the README's cost table, and the tests of every bad input. Reads only files of this
//! checkout and what cargo says of them.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod bad_inputs;
mod costs;
mod dependencies;
mod packages;
mod template;
