//! Where a running system sends its messages.

use crate::{environment::variable, error::Error};

/// Where a running system sends its messages, and where its views and policies get them.
#[derive(Clone, Debug, Default)]
pub enum Buses {
    /// In this process: each message is handed to every view and policy that wants it.
    #[default]
    Memory,
    /// Two topics of this Kafka cluster. Each view and policy has a consumer group of its own.
    #[cfg(feature = "kafka")]
    Kafka(dekigoto_kafka::Cluster),
}

impl Buses {
    /// The buses that the environment names: `BUS=memory`, the default, or `BUS=kafka`, at `KAFKA_BROKERS`.
    ///
    /// # Errors
    /// A message that says what to do.
    pub fn from_env() -> Result<Self, Error> {
        match variable("BUS")?.as_deref() {
            None | Some("memory") => Ok(Self::Memory),
            #[cfg(feature = "kafka")]
            Some("kafka") => {
                let missing = "BUS=kafka needs KAFKA_BROKERS, such as 127.0.0.1:9092";
                let brokers = variable("KAFKA_BROKERS")?.ok_or(missing)?;
                Ok(Self::Kafka(dekigoto_kafka::Cluster::new(brokers)))
            }
            #[cfg(not(feature = "kafka"))]
            Some("kafka") => {
                Err("BUS=kafka needs the cargo feature kafka: BUS=kafka make run".into())
            }
            Some(other) => Err(format!("BUS is memory or kafka, not {other:?}").into()),
        }
    }
}
