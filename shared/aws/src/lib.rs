#![doc = include_str!("../README.md")]

mod api;
mod policy;
mod projector;
mod publisher;
mod subscriber;

pub use api::api;
pub use dekigoto_lambda::Config;
pub use policy::policy;
pub use projector::projector;
pub use publisher::publisher;
pub use subscriber::subscriber;
