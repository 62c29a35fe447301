//! Checks what the compiler cannot: the dependencies between the crates, the published packages, the safety properties
//! of `template.yaml`, the cost table of the README, and the tests of all bad inputs. Reads only files of this checkout
//! and the output of cargo.

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
mod findings;
mod packages;
mod patterns;
mod small;
mod template;
mod test_names;
