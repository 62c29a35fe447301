//! The contract with subscribers: a schema of each event, the AsyncAPI document, sample messages, and a picture of where
//! the events go.
//!
//! All of it is made from the registry, the types of the events and the golden files. `make contract` writes it; the
//! tests compare what is in the repository with what the code makes, and refuse changes that would break a subscriber.

// Helpers outside `#[test]` functions are test code too, but clippy.toml does not exempt them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod asyncapi;
mod catalogue;
mod compatible;
mod picture;
mod samples;
mod schemas;
mod text;
mod written;
