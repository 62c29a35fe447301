//! Lambda events in and out, start-up, configuration and logs.
//!
//! Knows the shapes that AWS delivers and the environment that it starts functions in. Does not know what an order is.

pub mod aws;
pub mod batch;
mod config;
mod deadline;
pub mod gateway;
pub mod identity;
mod start;
pub mod stream;
pub mod telemetry;

pub use config::{Config, ConfigError};
pub use deadline::Deadline;
pub use start::{start, warm_up};
