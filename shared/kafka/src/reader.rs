//! Reading topics from their beginnings, outside of any group: to look at them.

use std::{collections::BTreeMap, time::Duration};

use dekigoto::log::Place;
use krafka::consumer::{AutoOffsetReset, Consumer, ConsumerRecord};

use crate::{Cluster, consumer::partition_of, failure::KafkaFailure};

/// A record as it is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Where it is.
    pub place: Place,
    /// Its key, as text.
    pub key: String,
    /// Its value, as text.
    pub body: String,
    /// Its headers, as text.
    pub headers: BTreeMap<String, String>,
}

/// Reads every record of some topics, and changes nothing: it is in no group, and commits nothing.
pub struct KafkaReader(Consumer);

impl KafkaReader {
    /// A reader at the beginnings of these topics.
    ///
    /// # Errors
    /// [`KafkaFailure`], such as [`KafkaFailure::NoTopic`].
    pub async fn open(cluster: &Cluster, topics: &[&str]) -> Result<Self, KafkaFailure> {
        let failed = |error| KafkaFailure::of(&error);
        let builder = cluster.connect().await?.consumer_without_group();
        let builder = builder.auto_offset_reset(AutoOffsetReset::Earliest).metrics_push(false);
        let consumer = builder.build().await.map_err(failed)?;
        for topic in topics {
            let numbers = partitions_of(&consumer, topic).await?;
            consumer.assign(topic, numbers).await.map_err(failed)?;
        }
        Ok(Self(consumer))
    }

    /// The next records; none if there are none for `wait`. Those of one partition are in order.
    ///
    /// # Errors
    /// [`KafkaFailure`]. The next call goes on where this one began.
    pub async fn next(&self, wait: Duration) -> Result<Vec<LogRecord>, KafkaFailure> {
        let records = self.0.poll(wait).await.map_err(|error| KafkaFailure::of(&error))?;
        Ok(records.iter().map(LogRecord::of).collect())
    }
}

/// The numbers of a topic's partitions.
pub(crate) async fn partitions_of(
    consumer: &Consumer,
    topic: &str,
) -> Result<Vec<i32>, KafkaFailure> {
    let found = consumer.fetch_metadata(Some(topic)).await;
    let found = found.map_err(|error| KafkaFailure::of(&error))?;
    let partitions = found.topics.iter().flat_map(|it| &it.partitions);
    let numbers: Vec<i32> = partitions.map(|(number, _)| *number).collect();
    if numbers.is_empty() {
        return Err(KafkaFailure::NoTopic(topic.to_owned()));
    }
    Ok(numbers)
}

impl LogRecord {
    fn of(record: &ConsumerRecord) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = record.headers.iter();
        Self {
            place: Place { partition: partition_of(record), offset: record.offset },
            key: text(record.key.as_deref().unwrap_or_default()),
            body: text(record.value.as_deref().unwrap_or_default()),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value.as_deref().unwrap_or_default())))
                .collect(),
        }
    }
}
