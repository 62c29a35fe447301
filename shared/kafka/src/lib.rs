#![doc = include_str!("../README.md")]

mod bus;
mod cluster;
mod consumer;
mod failure;
mod reader;
mod stuck;

pub use bus::{DELIVERY_TIME_MAX, KIND_HEADER, KafkaBus, REQUEST_BYTES_MAX};
pub use cluster::Cluster;
pub use consumer::{KafkaConsumer, Observer};
pub use failure::KafkaFailure;
pub use reader::{KafkaReader, LogRecord};
pub use stuck::{ATTEMPTS_MAX, WAIT_MAX};
