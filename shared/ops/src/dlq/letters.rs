//! Reads dead letters, and tells what each is and why it is dead.

#![expect(clippy::indexing_slicing, reason = "a field that a JSON value lacks reads as null")]

use std::time::Duration;

use dekigoto::{Envelope, Pointer, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::route::stored_at;
use crate::{cloud::Letter, desk::Desk, failure::Failure, layout::DeadLetters};

/// Letters of one queue that a command reads. More are handled by repeating the command.
pub(crate) const LETTERS_MAX: usize = 1000;

/// How long a letter is hidden while a command works on it. After a crash it appears again.
const HIDE: Duration = Duration::from_secs(300);

/// How a message died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// A function parked it, with its reason.
    Parked,
    /// SQS moved it after too many tries.
    TriedTooOften,
    /// SNS could not deliver it.
    NotDelivered,
    /// Lambda gave up on stream records.
    GivenUp,
}

/// A dead letter.
#[derive(Clone, Debug)]
pub(crate) struct Dead {
    pub(crate) queue: String,
    pub(crate) url: String,
    pub(crate) kind: DeadLetters,
    pub(crate) letter: Letter,
    pub(crate) how: How,
    pub(crate) reason: String,
    /// The stream that the body names, as `Order#1`.
    pub(crate) stream: Option<String>,
    /// The place in the stream, as `version 3` or `commit 2`.
    pub(crate) place: String,
}

impl Dead {
    /// How long the letter has been dead, as far as SQS knows.
    pub(crate) fn age(&self, now: Timestamp) -> Option<Duration> {
        let sent = self.letter.sent_at?;
        u64::try_from(now.as_millis() - sent.as_millis()).ok().map(Duration::from_millis)
    }

    /// What the letter is about: a place in a stream, or the message's id.
    pub(crate) fn about(&self) -> String {
        match &self.stream {
            Some(stream) => format!("{stream} {}", self.place),
            None => format!("message {}", self.letter.id),
        }
    }
}

/// Which letters a command is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The short name of a dead-letter queue.
    pub(crate) queue: Option<String>,
    /// A part of the reason.
    pub(crate) reason: Option<String>,
    /// A stream, as `Order#1`.
    pub(crate) stream: Option<String>,
}

impl Filter {
    /// Whether it takes every letter of a queue.
    pub(crate) fn is_whole_queue(&self) -> bool {
        self.reason.is_none() && self.stream.is_none()
    }

    fn takes(&self, dead: &Dead) -> bool {
        self.reason.as_ref().is_none_or(|text| dead.reason.contains(text))
            && self.stream.as_ref().is_none_or(|stream| dead.stream.as_ref() == Some(stream))
    }
}

/// The letters that were read. All are hidden until they are deleted or released.
pub(crate) struct Reading {
    /// Those that the filter takes.
    pub(crate) taken: Vec<Dead>,
    others: Vec<Dead>,
    /// The queues of which only the first [`LETTERS_MAX`] letters were read.
    pub(crate) cut: Vec<String>,
}

impl Reading {
    /// Makes all letters visible again.
    pub(crate) async fn release(&self, desk: &Desk) -> Result<(), Failure> {
        release(desk, &self.taken).await?;
        self.release_others(desk).await
    }

    /// Makes the letters visible that the filter did not take.
    pub(crate) async fn release_others(&self, desk: &Desk) -> Result<(), Failure> {
        release(desk, &self.others).await
    }
}

async fn release(desk: &Desk, letters: &[Dead]) -> Result<(), Failure> {
    for dead in letters {
        desk.cloud.release(&dead.url, &dead.letter.receipt).await?;
    }
    Ok(())
}

/// Reads the letters of all queues, or of the one that the filter names.
pub(crate) async fn collect(desk: &Desk, filter: &Filter) -> Result<Reading, Failure> {
    let queues = desk.layout.dead_letters();
    if let Some(wanted) = &filter.queue
        && !queues.iter().any(|(name, ..)| name == wanted)
    {
        let known: Vec<&str> = queues.iter().map(|(name, ..)| name.as_str()).collect();
        return Err(Failure::argument(
            format!("there is no dead-letter queue called {wanted}"),
            format!("choose one of {}", known.join(", ")),
        ));
    }
    let mut reading = Reading { taken: Vec::new(), others: Vec::new(), cut: Vec::new() };
    let is_wanted = |name: &String| filter.queue.as_ref().is_none_or(|wanted| wanted == name);
    for (name, url, kind) in queues.into_iter().filter(|(name, ..)| is_wanted(name)) {
        let mut count = 0;
        loop {
            let letters = desk.cloud.receive(&url, HIDE).await?;
            if letters.is_empty() {
                break;
            }
            count += letters.len();
            for letter in letters {
                let dead = dead(&name, &url, &kind, letter);
                let list =
                    if filter.takes(&dead) { &mut reading.taken } else { &mut reading.others };
                list.push(dead);
            }
            if count >= LETTERS_MAX {
                reading.cut.push(name);
                break;
            }
        }
    }
    Ok(reading)
}

fn dead(queue: &str, url: &str, kind: &DeadLetters, letter: Letter) -> Dead {
    let (how, reason) = cause(kind, &letter);
    let (stream, place) = subject(&letter.body).unzip();
    let (queue, url, kind) = (queue.to_owned(), url.to_owned(), kind.clone());
    Dead { queue, url, kind, letter, how, reason, stream, place: place.unwrap_or_default() }
}

/// How the letter died, and why.
fn cause(kind: &DeadLetters, letter: &Letter) -> (How, String) {
    if let Some(reason) = letter.attributes.get("reason") {
        return (How::Parked, reason.clone());
    }
    match kind {
        DeadLetters::Stream { .. } => (How::GivenUp, given_up(&letter.body)),
        DeadLetters::Subscription => {
            (How::NotDelivered, "SNS could not deliver it to a queue".to_owned())
        }
        DeadLetters::Consumer(_) | DeadLetters::Publisher { .. } => {
            (How::TriedTooOften, "tried too often; its function's log has the reason".to_owned())
        }
    }
}

/// The stream and the place in it that the body names.
fn subject(body: &str) -> Option<(String, String)> {
    if let Ok(pointer) = serde_json::from_str::<Pointer>(body) {
        return Some((pointer.stream.key(), format!("commit {}", pointer.ordinal)));
    }
    let event = Envelope::from_message(body).ok()?;
    Some((event.stream().ok()?.key(), format!("version {}", event.version)))
}

fn given_up(body: &str) -> String {
    let note: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some((bucket, key)) = stored_at(&note) {
        return format!("Lambda gave up on records: they are in s3://{bucket}/{key}");
    }
    let condition = note["requestContext"]["condition"].as_str().unwrap_or("unknown condition");
    let records = note["DDBStreamBatchInfo"]["batchSize"].as_u64().unwrap_or(0);
    format!("Lambda gave up on {records} records: {condition}")
}
