//! The relay: from commits to subscribers. Domain events go to a topic, integration events to a bus.
//!
//! The stream of the event table is the outbox. A commit that cannot be published now goes to the retry queue as a
//! pointer, so that an outage of a bus blocks no shard and may outlast the stream's 24 hours.

mod announce;
mod send;

use std::{sync::Arc, time::Duration};

use tracing::{info, warn};

pub use announce::{
    Announce, Announcements, IntegrationData, IntegrationEvent, Unannounced, nothing,
};
pub use send::{CALLS_AT_ONCE_MAX, Failure, Failures, SENDS_PER_MESSAGE_MAX, send_all};

use crate::{
    Bus, Commit, EventStore, Host, Message, Parking, Pointer, ReadError, ReadFrom, RetryQueue,
    batch::{Delivered, Outcome, Report, TIME_TO_STOP, take_queue, take_stream},
};

/// Time of an invocation that is kept for putting pointers into the retry queue, while a target hangs: one call that has
/// just begun may take 5 s, and a hundred pointers take the rest. Of a short invocation it is a quarter.
const SETTLING_TIME_MAX: Duration = Duration::from_secs(8);

/// Publishes what is committed.
#[derive(Clone)]
pub struct Relay {
    /// Domain events go here: every service that subscribes sees every event.
    pub topic: Arc<dyn Bus>,
    /// Integration events go here: the public contract.
    pub bus: Arc<dyn Bus>,
    /// Pointers to commits that could not be published now.
    pub retry: Arc<dyn RetryQueue>,
    /// What can never be published, with its reason.
    pub parking: Arc<dyn Parking>,
    /// Where pointers lead.
    pub store: Arc<dyn EventStore>,
    /// The outside world.
    pub host: Arc<dyn Host>,
    /// What the bus is told of each event.
    pub announcements: Announcements,
}

/// A record of the stream: a commit, or the reason why it is none, with its text.
#[derive(Clone, Debug)]
pub enum StreamRecord {
    /// A new commit.
    Commit(Box<Commit>),
    /// Something that is no new commit, to be looked at by a person.
    Unreadable {
        /// What to keep.
        body: String,
        /// Why it is no commit.
        reason: String,
    },
}

/// The messages of one commit.
struct Outgoing {
    domain: Vec<Message>,
    integration: Vec<Message>,
    /// Why an event cannot be announced on the bus. Subscribers of the topic get its envelope all the same: sending it
    /// takes no understanding.
    unannounced: Option<Failure>,
}

impl Relay {
    /// Publishes a batch of the event table's stream.
    pub async fn take_stream(
        &self,
        records: Vec<Delivered<StreamRecord>>,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Report {
        take_stream(records, &time_left, |records| self.publish(records, &time_left)).await
    }

    /// Publishes a batch of the retry queue: pointers to commits, as JSON.
    pub async fn take_retries(
        &self,
        messages: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Report {
        let republish = async |bodies: Vec<String>| {
            let mut outcomes = Vec::with_capacity(bodies.len());
            for body in bodies {
                outcomes.push(match serde_json::from_str(&body) {
                    Ok(pointer) => self.republish(&pointer, &time_left).await,
                    Err(_) => self.park(&body, "the message is not a pointer to a commit").await,
                });
            }
            outcomes
        };
        take_queue(&*self.host, messages, Clone::clone, &time_left, republish).await
    }

    /// Publishes stream records. One outcome for each; it stops at the first that has to come back.
    async fn publish(
        &self,
        records: Vec<StreamRecord>,
        time_left: &(dyn Fn() -> Duration + Sync),
    ) -> Vec<Outcome> {
        let commits: Vec<&Commit> = records
            .iter()
            .filter_map(|record| match record {
                StreamRecord::Commit(commit) => Some(&**commit),
                StreamRecord::Unreadable { .. } => None,
            })
            .collect();
        let reserved = (time_left() / 4).min(SETTLING_TIME_MAX);
        let time_to_send = || time_left().saturating_sub(reserved);
        let mut sent = self.send(&commits, &time_to_send).await.into_iter();
        let mut outcomes = Vec::with_capacity(records.len());
        for record in &records {
            let is_late = time_left() < TIME_TO_STOP;
            let outcome = match record {
                StreamRecord::Commit(commit) => match sent.next() {
                    Some(Err(failure)) if is_late => Outcome::Retry(failure.to_string()),
                    Some(sent) => self.settle(commit, sent).await,
                    None => Outcome::Retry("nothing is known of its messages".to_owned()),
                },
                StreamRecord::Unreadable { reason, .. } if is_late => {
                    Outcome::Retry(reason.clone())
                }
                StreamRecord::Unreadable { body, reason } => self.park(body, reason).await,
            };
            let is_failure = matches!(outcome, Outcome::Retry(_));
            outcomes.push(outcome);
            if is_failure {
                break;
            }
        }
        // What lies behind a failure is delivered again in any case.
        outcomes.resize(records.len(), Outcome::Retry("behind a failed record".to_owned()));
        outcomes
    }

    /// Publishes the commit that a pointer names, as the store has it. What fails stays in the retry queue.
    async fn republish(
        &self,
        pointer: &Pointer,
        time_left: &(dyn Fn() -> Duration + Sync),
    ) -> Outcome {
        let read = self.store.read(&pointer.stream, ReadFrom::Up(pointer.ordinal), 1).await;
        let commit = match read {
            Ok(page) => page.into_iter().find(|commit| commit.ordinal() == pointer.ordinal),
            Err(error @ (ReadError::Unavailable(_) | ReadError::Broken(_))) => {
                return Outcome::Retry(error.to_string());
            }
            Err(ReadError::Corrupt(corrupt)) => {
                return self.park(&text_of(pointer), &corrupt.to_string()).await;
            }
        };
        let Some(commit) = commit else {
            return self.park(&text_of(pointer), "the store has no such commit").await;
        };
        match self.send(&[&commit], time_left).await.pop() {
            Some(Err(failure)) if failure.for_good => {
                self.park(&text_of(pointer), &failure.to_string()).await
            }
            Some(Err(failure)) => Outcome::Retry(failure.to_string()),
            Some(Ok(())) | None => Outcome::Applied,
        }
    }

    /// Sends all messages of all commits to both targets at once. One answer for each commit.
    async fn send(
        &self,
        commits: &[&Commit],
        time_left: &(dyn Fn() -> Duration + Sync),
    ) -> Vec<Result<(), Failure>> {
        let outgoing: Vec<_> = commits.iter().map(|commit| self.messages(commit)).collect();
        let flat = |of: fn(&Outgoing) -> &Vec<Message>| -> Vec<Message> {
            outgoing.iter().flat_map(of).cloned().collect()
        };
        let domain = flat(|outgoing| &outgoing.domain);
        let integration = flat(|outgoing| &outgoing.integration);
        let (domain, integration) = futures_util::future::join(
            send_all(&*self.topic, &*self.host, &domain, time_left),
            send_all(&*self.bus, &*self.host, &integration, time_left),
        )
        .await;
        let (mut domain, mut integration) = (domain.into_iter(), integration.into_iter());
        let settle = |one: Outgoing| {
            let domain = domain.by_ref().take(one.domain.len()).flatten().collect::<Vec<_>>();
            let integration = integration.by_ref().take(one.integration.len()).flatten();
            let mut failures: Vec<Failure> =
                domain.into_iter().chain(integration).chain(one.unannounced).collect();
            // What can still be sent comes first: a commit is parked when nothing is left to try.
            failures.sort_by_key(|failure| failure.for_good);
            failures.into_iter().next().map_or(Ok(()), Err)
        };
        outgoing.into_iter().map(settle).collect()
    }

    fn messages(&self, commit: &Commit) -> Outgoing {
        let mut outgoing =
            Outgoing { domain: Vec::new(), integration: Vec::new(), unannounced: None };
        for event in commit.envelopes() {
            outgoing.domain.push(Message::of(&event));
            match self.announcements.messages(&event) {
                Ok(messages) => outgoing.integration.extend(messages),
                Err(cause) => {
                    let reason = cause.to_string();
                    outgoing.unannounced = Some(Failure { reason, for_good: true });
                }
            }
        }
        outgoing
    }

    /// A commit that could not be sent goes to the retry queue; one that never can, to the dead letters.
    async fn settle(&self, commit: &Commit, sent: Result<(), Failure>) -> Outcome {
        let (stream, ordinal) = (commit.stream(), commit.ordinal());
        let pointer = Pointer { stream: stream.clone(), ordinal };
        match sent {
            Ok(()) => {
                let events = commit.events().len();
                info!(%stream, %ordinal, events, "Published commit {ordinal} of {stream}");
                Outcome::Applied
            }
            Err(failure) if failure.for_good => {
                self.park(&text_of(&pointer), &failure.to_string()).await
            }
            Err(failure) => match self.retry.put(&pointer).await {
                Ok(()) => {
                    warn!(%stream, %ordinal, %failure, "Commit {ordinal} of {stream} waits in the retry queue");
                    Outcome::Applied
                }
                Err(cause) => Outcome::Retry(format!("{failure}; retry queue: {cause}")),
            },
        }
    }

    async fn park(&self, body: &str, reason: &str) -> Outcome {
        match self.parking.park(body, reason).await {
            Ok(()) => Outcome::Parked(reason.to_owned()),
            Err(cause) => Outcome::Retry(format!("{reason}; parking failed: {cause}")),
        }
    }
}

fn text_of(pointer: &Pointer) -> String {
    serde_json::to_string(pointer).unwrap_or_default()
}
