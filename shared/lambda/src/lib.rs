#![doc = include_str!("../README.md")]

pub mod aws;
pub mod batch;
#[cfg(test)]
mod capture;
mod config;
mod deadline;
mod deliver;
mod drain;
pub mod gateway;
#[cfg(feature = "http")]
pub mod http;
mod https;
pub mod identity;
mod kafka;
pub mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod policy;
mod pool;
mod projector;
mod rebuild;
mod relay;
#[cfg(feature = "otlp")]
pub mod spans;
#[cfg(not(feature = "otlp"))]
mod spans {
    //! Without the feature `otlp` there are no spans.

    /// Runs an invocation.
    pub(crate) async fn around<T>(invocation: impl Future<Output = T>) -> T {
        invocation.await
    }
}
mod start;
pub mod stream;
pub mod telemetry;
mod trail;
mod trust;

pub use config::{Config, ConfigError};
pub use deadline::Deadline;
pub use deliver::DeliveryResponse;
pub use drain::{DRAIN_TIME, Drained, drain};
pub use kafka::KafkaResponse;
pub use policy::{PolicyAnswer, run_policy};
pub use projector::project;
pub use rebuild::{RebuildAnswer, rebuild};
pub use relay::{Answer as RelayAnswer, relay, relay_or_republish};
pub use start::{start, warm_up};
