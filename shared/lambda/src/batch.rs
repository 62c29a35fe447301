//! Batches from Lambda. Each record is read separately, so that one invalid record fails alone.

use std::collections::BTreeSet;

use dekigoto::batch::{Delivered, Report};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{info, warn};

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
    Queue(Vec<Delivered<String>>),
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

/// The fields of a message that are read. Attributes are not: the sender may put anything there.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    body: Option<Box<RawValue>>,
}

impl Message {
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
            (true, _) => Ok(Self::Queue(with_own_ids(once(queue))?)),
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

fn message(record: &RawValue) -> Result<Delivered<String>, Error> {
    let message: Message =
        serde_json::from_str(record.get()).map_err(|_| "a queue record without a message id")?;
    Ok(Delivered { record: message.text(), id: message.id })
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
    let mut response = BatchResponse::default();
    response.set_failures(report.failed);
    response
}
