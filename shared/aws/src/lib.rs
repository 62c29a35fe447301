#![doc = include_str!("../README.md")]

mod api;
mod projector;
mod publisher;

pub use api::api;
pub use projector::projector;
pub use publisher::publisher;
