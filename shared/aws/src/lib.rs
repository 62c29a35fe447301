#![doc = include_str!("../README.md")]

mod api;
mod projector;
mod publisher;
mod subscriber;

pub use api::api;
pub use projector::projector;
pub use publisher::publisher;
pub use subscriber::subscriber;
