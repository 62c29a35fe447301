//! Batches from Lambda. Each record is read separately, so that one invalid record fails alone.

use std::collections::BTreeSet;

use dekigoto::{
    QueueBatch,
    batch::{Delivered, Report},
    measure::{self, Part},
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::warn;

use crate::{kafka::KafkaEvent, trail};

/// The answer to an invocation: the ids of the failed records. Queues and streams use the same JSON.
pub use aws_lambda_events::sqs::SqsBatchResponse as BatchResponse;

/// The unparsed records of one invocation.
#[derive(Deserialize)]
struct RawBatch {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

/// The field that names the event source.
#[derive(Deserialize)]
struct Source {
    #[serde(rename = "eventSource")]
    event_source: Option<String>,
}

/// The records of an invocation, by event source.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Changes of a DynamoDB table.
    Stream(Vec<Delivered<String>>),
    /// Messages of a queue.
    Queue(QueueBatch),
    /// Records of a Kafka topic. Their ids are [places](dekigoto::log::Place).
    Kafka(Vec<Delivered<String>>),
}

/// The sequence number of a stream record. Only this field must be readable.
#[derive(Deserialize)]
struct Sequence {
    dynamodb: SequenceNumber,
}

#[derive(Deserialize)]
struct SequenceNumber {
    #[serde(rename = "SequenceNumber")]
    number: String,
}

/// The fields of a message that are read. The message's own attributes are not: the sender may put anything there.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    body: Option<Box<RawValue>>,
    /// The attributes of SQS.
    attributes: Option<Box<RawValue>>,
}

/// How often SQS has delivered the message, this time included.
#[derive(Deserialize)]
struct Received {
    #[serde(rename = "ApproximateReceiveCount")]
    count: String,
}

impl Message {
    /// How often the queue has delivered the message, this time included. `None` if the number is unreadable.
    fn deliveries(&self) -> Option<u32> {
        let received: Received = serde_json::from_str(self.attributes.as_ref()?.get()).ok()?;
        received.count.parse().ok()
    }

    /// The text of the body. A pipe delivers a JSON body as a value instead of text.
    fn text(&self) -> String {
        let Some(body) = &self.body else { return String::new() };
        serde_json::from_str(body.get()).unwrap_or_else(|_| body.get().to_owned())
    }
}

impl Batch {
    /// Reads an invocation's payload.
    ///
    /// # Errors
    /// If a record has no id, shares its id with another record, or comes from an unknown source. The whole batch fails
    /// then, because a record without an id cannot be reported as failed, and Lambda would delete it.
    pub fn read(payload: &RawValue) -> Result<Self, Error> {
        if let Some(event) = KafkaEvent::read(payload) {
            let records = event.records()?;
            own_ids(&records)?;
            return Ok(Self::Kafka(records));
        }
        let batch: RawBatch = serde_json::from_str(payload.get())
            .map_err(|cause| format!("not a batch of records (column {})", cause.column()))?;
        let mut stream = Vec::new();
        let mut queue = Vec::new();
        for record in batch.records {
            let source: Source = serde_json::from_str(record.get())?;
            match source.event_source.as_deref() {
                Some("aws:dynamodb") => stream.push(stream_record(&record)?),
                Some("aws:sqs") => queue.push(message(&record)?),
                Some(_) | None => return Err("a record from an unknown event source".into()),
            }
        }
        match (stream.is_empty(), queue.is_empty()) {
            (true, _) => {
                let messages = once(queue);
                own_ids(messages.iter().map(|(message, _)| message))?;
                let mut batch = QueueBatch::default();
                messages.into_iter().for_each(|(message, count)| batch.add(message, count));
                Ok(Self::Queue(batch))
            }
            (false, true) => {
                own_ids(&stream)?;
                Ok(Self::Stream(stream))
            }
            (false, false) => Err("records from two event sources in one batch".into()),
        }
    }
}

fn stream_record(record: &RawValue) -> Result<Delivered<String>, Error> {
    let sequence: Sequence = serde_json::from_str(record.get())
        .map_err(|_| "a stream record without a sequence number")?;
    Ok(Delivered { id: sequence.dynamodb.number, record: record.get().to_owned() })
}

/// A message, and how often it has been delivered.
type Counted = (Delivered<String>, Option<u32>);

fn message(record: &RawValue) -> Result<Counted, Error> {
    let message: Message =
        serde_json::from_str(record.get()).map_err(|_| "a queue record without a message id")?;
    let deliveries = message.deliveries();
    Ok((Delivered { record: message.text(), id: message.id }, deliveries))
}

/// SQS may deliver a message twice in one batch. It is handled once, and its id stands for both copies. Two different
/// messages with one id both stay, and fail the batch.
fn once(mut messages: Vec<Counted>) -> Vec<Counted> {
    let mut seen = BTreeSet::new();
    messages.retain(|(message, _)| seen.insert((message.id.clone(), message.record.clone())));
    messages
}

fn own_ids<'a>(records: impl IntoIterator<Item = &'a Delivered<String>>) -> Result<(), Error> {
    let mut ids: Vec<&str> = records.into_iter().map(|record| record.id.as_str()).collect();
    ids.sort_unstable();
    let is_shared = ids.iter().zip(ids.iter().skip(1)).any(|(one, next)| one == next);
    if is_shared || ids.first().is_some_and(|id| id.is_empty()) {
        return Err("a record has no id or shares it with another record".into());
    }
    Ok(())
}

/// Measures and logs the report, and converts it to the answer to an invocation. `payload` is the invocation's.
#[must_use]
pub fn answer(part: Part, payload: &RawValue, report: Report) -> BatchResponse {
    log(part, payload, &report);
    let mut response = BatchResponse::default();
    response.set_failures(report.failed);
    response
}

/// Measures and logs the report.
pub(crate) fn log(part: Part, payload: &RawValue, report: &Report) {
    measure::batch(part, report);
    // Read again, because few batches have a record that failed.
    let failed = if report.reasons.is_empty() { Vec::new() } else { records(payload) };
    for (id, reason) in &report.reasons {
        let record = failed.iter().find(|record| record.id == *id);
        let trail = record.map(|it| trail::of(&it.record)).unwrap_or_default();
        warn!(
            record.id = %id,
            stream = trail.stream,
            version = trail.version,
            correlationId = trail.correlation_id,
            traceparent = trail.traceparent.as_deref(),
            "A record could not be handled: {reason}"
        );
    }
}

/// The records of an invocation that could be read before.
fn records(payload: &RawValue) -> Vec<Delivered<String>> {
    match Batch::read(payload) {
        Ok(Batch::Stream(records) | Batch::Kafka(records)) => records,
        Ok(Batch::Queue(batch)) => batch.into_all(),
        Err(_) => Vec::new(),
    }
}
