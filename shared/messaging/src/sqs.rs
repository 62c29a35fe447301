//! Queues of SQS.

use async_trait::async_trait;
use aws_sdk_sqs::{
    Client,
    error::BuildError,
    operation::send_message_batch::SendMessageBatchOutput,
    types::{MessageAttributeValue, SendMessageBatchRequestEntry},
};
use aws_types::SdkConfig;
use dekigoto::{
    Cause, Parking, Pointer, Refused, RetryQueue, Source,
    generations::{RebuildQueue, Segment},
    policies::{DeadlineQueue, DueProcess},
    sweep::{Sweep, SweepQueue},
};

use crate::{
    cause::cause_of,
    lazy::Lazy,
    sqs_text::{QUEUE_MESSAGE_BYTES_MAX, REASON_BYTES_MAX, allowed, beginning},
};

/// Queues pointers to commits that could not be published yet.
#[derive(Debug)]
pub struct SqsRetryQueue {
    queue: Queue,
}

impl SqsRetryQueue {
    /// The queue with this URL.
    #[must_use]
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        let queue = Queue::new(config, queue_url.into());
        Self { queue }
    }
}

#[async_trait]
impl RetryQueue for SqsRetryQueue {
    async fn put(&self, pointers: &[Pointer]) -> Result<Vec<Result<(), Refused>>, Source> {
        // JSON escapes control characters, so SQS accepts any id.
        self.queue.send_all(pointers.iter().map(Pointer::text)).await
    }
}

/// The queue of a policy, for due processes.
#[derive(Debug)]
pub struct SqsDeadlineQueue {
    queue: Queue,
}

impl SqsDeadlineQueue {
    /// The queue with this URL.
    #[must_use]
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        let queue = Queue::new(config, queue_url.into());
        Self { queue }
    }
}

#[async_trait]
impl DeadlineQueue for SqsDeadlineQueue {
    async fn put(&self, due: &[DueProcess]) -> Result<Vec<Result<(), Refused>>, Source> {
        self.queue.send_all(due.iter().map(DueProcess::text)).await
    }
}

/// The queue of segments of rebuilds and sweeps.
#[derive(Debug)]
pub struct SqsRebuildQueue {
    queue: Queue,
}

impl SqsRebuildQueue {
    /// The queue with this URL.
    #[must_use]
    pub fn new(config: &SdkConfig, queue_url: impl Into<String>) -> Self {
        let queue = Queue::new(config, queue_url.into());
        Self { queue }
    }
}

#[async_trait]
impl RebuildQueue for SqsRebuildQueue {
    async fn put(&self, segment: &Segment) -> Result<(), Source> {
        self.queue.send(&segment.text(), &[]).await
    }
}

#[async_trait]
impl SweepQueue for SqsRebuildQueue {
    async fn put(&self, sweep: &Sweep) -> Result<(), Source> {
        self.queue.send(&sweep.text(), &[]).await
    }
}

fn entry((place, body): (usize, String)) -> Result<SendMessageBatchRequestEntry, BuildError> {
    SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body).build()
}

/// One answer for each message. A reply with status 200 may contain failed entries, and an entry that it does not
/// contain counts as not sent.
fn answers(messages: usize, output: &SendMessageBatchOutput) -> Vec<Result<(), Refused>> {
    let refused = |code: &str| Refused { code: code.to_owned(), for_good: false };
    let mut answers = vec![Err(refused("NoAnswer")); messages];
    let taken = output.successful().iter().map(|taken| (taken.id(), Ok(())));
    let failed = output.failed().iter().map(|it| (it.id(), Err(refused(it.code()))));
    for (id, answer) in taken.chain(failed) {
        let place = id.parse::<usize>().ok();
        if let Some(entry) = place.and_then(|place| answers.get_mut(place)) {
            *entry = answer;
        }
    }
    answers
}

/// Parks messages in a dead-letter queue.
#[derive(Debug)]
pub struct SqsParking {
    queue: Queue,
    function: String,
}

impl SqsParking {
    /// The queue with this URL. Parked messages carry the name of the function.
    #[must_use]
    pub fn new(
        config: &SdkConfig,
        queue_url: impl Into<String>,
        function: impl Into<String>,
    ) -> Self {
        let queue = Queue::new(config, queue_url.into());
        let function = function.into();
        Self { queue, function }
    }
}

#[async_trait]
impl Parking for SqsParking {
    /// Parks the body unchanged if SQS accepts it. Otherwise it parks an altered or shortened body, and the attribute
    /// `altered` says how it differs. The events themselves are in the event store.
    async fn park(&self, body: &str, reason: &str) -> Result<(), Source> {
        let reason = text_or(beginning(reason, REASON_BYTES_MAX), "no reason was given");
        let function = text_or(beginning(&self.function, REASON_BYTES_MAX), "unknown");
        let mut attributes = vec![("reason", reason), ("function", function)];
        let (body, alterations) = parked(body);
        if let Some(how) = alterations {
            attributes.push(("altered", how));
        }
        self.queue.send(&body, &attributes).await
    }
}

fn text_or(text: &str, otherwise: &str) -> String {
    // An attribute cannot be empty.
    let text = if text.is_empty() { otherwise } else { text };
    allowed(text).into_owned()
}

/// Bytes that are reserved for the three attributes, with names and types.
const ATTRIBUTES_BYTES_MAX: usize = 8 * REASON_BYTES_MAX;

/// The body that SQS accepts, and how it was altered.
fn parked(original: &str) -> (String, Option<String>) {
    if original.is_empty() {
        let how = "the original body is empty";
        return ("(empty)".to_owned(), Some(how.to_owned()));
    }
    let clean = allowed(original);
    let body = beginning(&clean, QUEUE_MESSAGE_BYTES_MAX - ATTRIBUTES_BYTES_MAX);
    let mut how = Vec::new();
    if clean != original {
        how.push("characters that SQS refuses are replaced by U+FFFD".to_owned());
    }
    if body.len() < clean.len() {
        let (kept, all) = (body.len(), original.len());
        how.push(format!("cut to its first {kept} of {all} bytes"));
    }
    let how = (!how.is_empty()).then(|| how.join("; "));
    (body.to_owned(), how)
}

#[derive(Debug)]
struct Queue {
    client: Lazy<Client>,
    url: String,
}

impl Queue {
    fn new(config: &SdkConfig, url: String) -> Self {
        Self { client: Lazy::new(config, Client::new), url }
    }

    /// Sends at most ten messages in one request.
    async fn send_all(
        &self,
        bodies: impl Iterator<Item = String>,
    ) -> Result<Vec<Result<(), Refused>>, Source> {
        let entries: Vec<_> = bodies.enumerate().map(entry).collect::<Result<_, _>>()?;
        let messages = entries.len();
        let batch = self.client.get().send_message_batch().queue_url(&self.url);
        let sent = batch.set_entries(Some(entries)).send().await;
        let output = sent.map_err(|error| cause_of("SQS SendMessageBatch", &error))?;
        Ok(answers(messages, &output))
    }

    async fn send(&self, body: &str, attributes: &[(&str, String)]) -> Result<(), Source> {
        let client = self.client.get();
        let mut message = client.send_message().queue_url(&self.url).message_body(body);
        for (name, value) in attributes {
            message = message.message_attributes(*name, text_attribute(value)?);
        }
        let sent = message.send().await;
        let sent = sent.map_err(|error| cause_of("SQS SendMessage", &error))?;
        match sent.message_id() {
            Some(_) => Ok(()),
            None => Err(Cause {
                operation: "SQS SendMessage",
                reason: "the reply has no message id".to_owned(),
            }
            .into()),
        }
    }
}

fn text_attribute(value: &str) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build()
}
