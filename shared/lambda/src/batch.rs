//! Batches from Lambda. Each record is read separately, so that one invalid record fails alone.

use std::collections::BTreeSet;

use dekigoto::{
    DELIVERIES_MAX,
    batch::{Delivered, Report},
};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{info, warn};

use crate::kafka::KafkaEvent;

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
    Queue {
        /// The messages.
        messages: Vec<Delivered<String>>,
        /// Those of them that the queue does not deliver again.
        last: Vec<Delivered<String>>,
    },
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
    /// Whether the queue does not deliver the message again. An unreadable count is not the last one.
    fn is_last(&self) -> bool {
        let attributes = self.attributes.as_ref();
        let received = attributes.and_then(|it| serde_json::from_str::<Received>(it.get()).ok());
        let count = received.and_then(|received| received.count.parse::<u32>().ok());
        count.is_some_and(|count| count >= DELIVERIES_MAX)
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
            return Ok(Self::Kafka(with_own_ids(event.records()?)?));
        }
        let batch: RawBatch = serde_json::from_str(payload.get())
            .map_err(|cause| format!("not a batch of records (column {})", cause.column()))?;
        let mut stream = Vec::new();
        let (mut queue, mut last) = (Vec::new(), Vec::new());
        for record in batch.records {
            let source: Source = serde_json::from_str(record.get())?;
            match source.event_source.as_deref() {
                Some("aws:dynamodb") => stream.push(stream_record(&record)?),
                Some("aws:sqs") => {
                    let (message, is_last) = message(&record)?;
                    last.extend(is_last.then(|| message.clone()));
                    queue.push(message);
                }
                Some(_) | None => return Err("a record from an unknown event source".into()),
            }
        }
        match (stream.is_empty(), queue.is_empty()) {
            (true, _) => {
                let messages = with_own_ids(once(queue))?;
                Ok(Self::Queue { messages, last: once(last) })
            }
            (false, true) => Ok(Self::Stream(with_own_ids(stream)?)),
            (false, false) => Err("records from two event sources in one batch".into()),
        }
    }
}

fn stream_record(record: &RawValue) -> Result<Delivered<String>, Error> {
    let sequence: Sequence = serde_json::from_str(record.get())
        .map_err(|_| "a stream record without a sequence number")?;
    Ok(Delivered { id: sequence.dynamodb.number, record: record.get().to_owned() })
}

/// A message, and whether this is its last delivery.
fn message(record: &RawValue) -> Result<(Delivered<String>, bool), Error> {
    let message: Message =
        serde_json::from_str(record.get()).map_err(|_| "a queue record without a message id")?;
    let is_last = message.is_last();
    Ok((Delivered { record: message.text(), id: message.id }, is_last))
}

/// SQS may deliver a message twice in one batch. It is handled once, and its id stands for both copies. Two different
/// messages with one id both stay, and fail the batch.
fn once(mut messages: Vec<Delivered<String>>) -> Vec<Delivered<String>> {
    let mut seen = BTreeSet::new();
    messages.retain(|message| seen.insert((message.id.clone(), message.record.clone())));
    messages
}

fn with_own_ids(records: Vec<Delivered<String>>) -> Result<Vec<Delivered<String>>, Error> {
    let mut ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    ids.sort_unstable();
    let is_shared = ids.iter().zip(ids.iter().skip(1)).any(|(one, next)| one == next);
    if is_shared || ids.first().is_some_and(|id| id.is_empty()) {
        return Err("a record has no id or shares it with another record".into());
    }
    Ok(records)
}

/// Logs the report, and converts it to the answer to an invocation.
#[must_use]
pub fn answer(function: &str, report: Report) -> BatchResponse {
    log(function, &report);
    let mut response = BatchResponse::default();
    response.set_failures(report.failed);
    response
}

/// Logs the report.
pub(crate) fn log(function: &str, report: &Report) {
    for (id, reason) in &report.reasons {
        warn!(record.id = %id, reason, "{function} could not handle a record: {reason}");
    }
    let tally = report.tally;
    info!(
        records = tally.total(),
        applied = tally.applied,
        duplicate = tally.duplicate,
        skipped = tally.skipped,
        retried = tally.retried,
        parked = tally.parked,
        "{function}: {tally}"
    );
}
