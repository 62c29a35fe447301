//! Records of a Kafka topic, from an event source mapping of Amazon MSK or of another cluster.
//!
//! Lambda delivers them by partition. The answer names one offset for each partition with a failure, and Lambda delivers
//! the records from there on again. It heeds the answer only in provisioned mode, with `ReportBatchItemFailures`.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dekigoto::{
    batch::{Delivered, Report},
    log::{Partition, Place, first_failures},
};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An invocation's payload.
#[derive(Deserialize)]
pub(crate) struct KafkaEvent {
    #[serde(rename = "eventSource")]
    event_source: String,
    /// By partition, such as `orders-0`.
    records: BTreeMap<String, Vec<Box<RawValue>>>,
}

/// Where a record is. Only these fields must be readable.
#[derive(Deserialize)]
struct Coordinates {
    topic: String,
    partition: i32,
    offset: i64,
}

#[derive(Deserialize)]
struct Value {
    value: Option<String>,
}

impl KafkaEvent {
    /// Reads a payload. `None` if it is not one of Kafka.
    pub(crate) fn read(payload: &RawValue) -> Option<Self> {
        let event: Self = serde_json::from_str(payload.get()).ok()?;
        ["aws:kafka", "SelfManagedKafka"].contains(&&*event.event_source).then_some(event)
    }

    /// The records, each with its place as its id.
    ///
    /// # Errors
    /// If a record does not say where it is. The whole batch fails then, because the record could not be reported, and
    /// Lambda would pass it.
    pub(crate) fn records(self) -> Result<Vec<Delivered<String>>, Error> {
        let records = self.records.into_values().flatten();
        records.map(|record| delivered(&record)).collect()
    }
}

fn delivered(record: &RawValue) -> Result<Delivered<String>, Error> {
    let place: Coordinates = serde_json::from_str(record.get())
        .map_err(|_| "a Kafka record without a topic, a partition or an offset")?;
    let partition = Partition { topic: place.topic, number: place.partition };
    let place = Place { partition, offset: place.offset };
    Ok(Delivered { id: place.to_string(), record: text(record) })
}

/// The value as text. One that is missing or unreadable is parked as it is.
fn text(record: &RawValue) -> String {
    let value = serde_json::from_str::<Value>(record.get()).ok().and_then(|it| it.value);
    let value = value.unwrap_or_default();
    match BASE64_STANDARD.decode(&value) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => value,
    }
}

/// The answer to an invocation with records of Kafka.
#[derive(Debug, Serialize)]
pub struct KafkaResponse {
    #[serde(rename = "batchItemFailures")]
    failures: Vec<KafkaFailure>,
}

#[derive(Debug, Serialize)]
struct KafkaFailure {
    #[serde(rename = "itemIdentifier")]
    place: Identifier,
}

#[derive(Debug, Serialize)]
struct Identifier {
    partition: String,
    offset: i64,
}

impl KafkaResponse {
    /// Names the first failure of each partition.
    pub(crate) fn of(report: &Report) -> Self {
        let identifier =
            |Place { partition, offset }| Identifier { partition: partition.to_string(), offset };
        let failures = first_failures(report).into_iter();
        Self { failures: failures.map(|it| KafkaFailure { place: identifier(it) }).collect() }
    }
}
