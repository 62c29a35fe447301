//! Sends many messages in batches of ten. Checks the answer for each message, and sends only the failed ones again.
//!
//! Each message comes from an event in the store. The store's stream is the *transactional outbox* of Chris
//! Richardson's pattern, read by log tailing.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use super::{Circuit, TimeLeft};
use crate::{
    Bus, Host, Message, backoff,
    batch::TIME_TO_STOP,
    limits::{BUS_BATCH_BYTES_MAX, BUS_BATCH_MAX},
};

/// Calls to one bus in parallel.
pub const CALLS_AT_ONCE_MAX: usize = 8;

/// Attempts to send a message before its commit goes to the retry queue.
pub const SENDS_PER_MESSAGE_MAX: u32 = 4;

const RESEND_DELAY_FIRST: Duration = Duration::from_millis(50);
const RESEND_DELAY_MAX: Duration = Duration::from_millis(800);

const NO_ANSWER: &str = "the bus gave no answer for the message";

const NO_TIME: &str = "no time was left in this invocation to send it";

/// The result for each message, in order: `None` if it was sent, otherwise why not.
pub type Failures = Vec<Option<Failure>>;

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not published: {reason}")]
pub struct Failure {
    /// The bus's code or error.
    pub reason: String,
    /// Whether sending it again cannot help.
    pub for_good: bool,
}

/// Sends all messages, in batches of at most [`BUS_BATCH_MAX`] and [`BUS_BATCH_BYTES_MAX`], several in parallel.
///
/// Failed messages are sent again, after jittered waits, until [`SENDS_PER_MESSAGE_MAX`] is reached, `time_left` is too
/// short, or `circuit` opens. A lost reply causes a duplicate, never a loss.
pub async fn send_all(
    bus: &dyn Bus,
    circuit: &Circuit,
    host: &dyn Host,
    messages: &[Message],
    time_left: &TimeLeft<'_>,
) -> Failures {
    let line = Line { bus, circuit, host, time_left };
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let calls: Vec<_> = batches(messages).into_iter().map(|batch| line.send(batch)).collect();
    stream::iter(calls).buffered(CALLS_AT_ONCE_MAX).collect::<Vec<_>>().await.concat()
}

/// One bus in one invocation.
struct Line<'a> {
    bus: &'a dyn Bus,
    circuit: &'a Circuit,
    host: &'a dyn Host,
    time_left: &'a TimeLeft<'a>,
}

impl Line<'_> {
    /// Sends one batch, and sends its failed messages again.
    async fn send(&self, batch: &[Message]) -> Failures {
        let mut failures = vec![Some(passing(NO_TIME)); batch.len()];
        for attempt in 0..SENDS_PER_MESSAGE_MAX {
            if !self.may_begin(attempt).await {
                break;
            }
            let pending: Vec<usize> = still_failing(&failures);
            let again: Vec<Message> =
                pending.iter().filter_map(|place| batch.get(*place).cloned()).collect();
            let answers = self.answers(&again).await;
            for (place, answer) in pending.into_iter().zip(answers) {
                if let Some(entry) = failures.get_mut(place) {
                    *entry = answer;
                }
            }
            let is_left_alone = self.circuit.opened_by().is_some();
            if still_failing(&failures).is_empty() || is_left_alone {
                break;
            }
        }
        failures
    }

    /// Waits before a repeated attempt. Returns whether there is time for the attempt. This is checked for the first
    /// one too, because slow calls before it may have used up the time.
    async fn may_begin(&self, attempt: u32) -> bool {
        if attempt > 0 {
            let random = self.host.random();
            let wait = backoff(attempt, RESEND_DELAY_FIRST, RESEND_DELAY_MAX, random);
            if (self.time_left)() < wait + TIME_TO_STOP {
                return false;
            }
            self.host.sleep(wait).await;
        }
        (self.time_left)() >= TIME_TO_STOP
    }

    /// Returns exactly one answer for each message.
    async fn answers(&self, messages: &[Message]) -> Failures {
        let started = self.host.monotonic();
        let call = self.circuit.call(self.host, (self.time_left)(), self.bus.send(messages)).await;
        let mut answers: Failures = match call {
            Ok(entries) => entries
                .into_iter()
                .map(|entry| {
                    let refused = entry.err()?;
                    Some(Failure { reason: refused.code, for_good: refused.for_good })
                })
                .collect(),
            Err(reason) => return vec![Some(Failure { reason, for_good: false }); messages.len()],
        };
        // A missing answer is not a success.
        answers.resize(messages.len(), Some(passing(NO_ANSWER)));
        // During an outage, a bus may answer and refuse every entry.
        let refusals = answers.iter().map_while(|it| it.as_ref().filter(|it| !it.for_good));
        match (refusals.clone().count() == answers.len(), refusals.last()) {
            (true, Some(one)) => {
                self.circuit.failed(&one.reason, self.host.monotonic().saturating_sub(started));
            }
            (_, _) => self.circuit.worked(),
        }
        answers
    }
}

fn still_failing(failures: &Failures) -> Vec<usize> {
    let retryable = |failure: &Option<Failure>| failure.as_ref().is_some_and(|it| !it.for_good);
    let numbered = failures.iter().enumerate();
    numbered.filter(|(_, failure)| retryable(failure)).map(|(place, _)| place).collect()
}

/// A failure that may pass.
fn passing(reason: &str) -> Failure {
    Failure { reason: reason.to_owned(), for_good: false }
}

/// Splits messages into batches that fit one call. A message over the limit is a batch of its own, and the bus refuses
/// it.
fn batches(messages: &[Message]) -> Vec<&[Message]> {
    let mut batches = Vec::new();
    let mut rest = messages;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(BUS_BATCH_MAX).take_while(|message| {
            bytes += message.size_bytes();
            bytes <= BUS_BATCH_BYTES_MAX
        });
        let (batch, others) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}
