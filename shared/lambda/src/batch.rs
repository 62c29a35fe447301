//! Batches as Lambda delivers them, taken apart record by record, so that one bad record fails alone.

use std::collections::BTreeSet;

use dekigoto::batch::{Delivered, Report};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::{info, warn};

/// What an invocation answers: the ids that failed. Queues and streams read the same JSON.
pub use aws_lambda_events::sqs::SqsBatchResponse as BatchResponse;

/// The records of one invocation, not yet looked into.
#[derive(Deserialize)]
struct RawBatch {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

/// What tells the event sources apart.
#[derive(Deserialize)]
struct Source {
    #[serde(rename = "eventSource")]
    event_source: Option<String>,
}

/// An invocation's records, by where they come from.
#[derive(Clone, Debug)]
pub enum Batch {
    /// Changes of a DynamoDB table.
    Stream(Vec<Delivered<String>>),
    /// Messages of a queue.
    Queue(Vec<Delivered<String>>),
}

/// The sequence number of a stream record, which is all that has to be readable.
#[derive(Deserialize)]
struct Sequence {
    dynamodb: SequenceNumber,
}

#[derive(Deserialize)]
struct SequenceNumber {
    #[serde(rename = "SequenceNumber")]
    number: String,
}

/// What is read of a message. Its attributes are its sender's, and may hold anything.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "messageId")]
    id: String,
    body: Option<Box<RawValue>>,
}

impl Message {
    /// The text of the body. A pipe delivers a body that is JSON as the value itself and not as its text.
    fn text(&self) -> String {
        let Some(body) = &self.body else { return String::new() };
        serde_json::from_str(body.get()).unwrap_or_else(|_| body.get().to_owned())
    }
}

impl Batch {
    /// Takes an invocation's payload apart.
    ///
    /// # Errors
    /// When a record has no id, shares it with another record, or comes from a source that we do not know. Such a batch
    /// fails as a whole: a record that cannot be named could not be reported, and would be deleted in silence.
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

/// SQS may deliver one message twice in one batch. It is handled once, and its id names both copies. (Two messages under
/// one id stay two, and fail the batch.)
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
        return Err("records without an id of their own".into());
    }
    Ok(records)
}

/// The answer to an invocation, with its log lines.
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
