//! The relay: from commits to subscribers. Domain events go to a topic, integration events to a bus.
//!
//! The stream of the event table is the outbox. A commit that cannot be published now goes to the retry queue as a
//! pointer that names the targets still to be reached, so that an outage of a bus blocks no shard, may outlast the
//! stream's 24 hours, and sends nothing again to a target that is well. A target that hangs or fails is left alone for
//! the rest of the invocation, and every invocation ends by itself, with its report.

mod announce;
mod budget;
mod circuit;
mod invocation;
mod outgoing;
mod republish;
mod send;
mod settle;

use std::{sync::Arc, time::Duration};

pub use announce::{
    Announce, Announcements, IntegrationData, IntegrationEvent, Unannounced, nothing,
};
pub use budget::{REPORT_TIME, SETTLING_TIME_MAX};
pub use circuit::{CALL_TIME_MAX, Circuit, FAILED_CALLS_MAX, HANG_TIME_MIN};
pub use invocation::READS_AT_ONCE_MAX;
pub use republish::{
    REPUBLISH_PAGE, REPUBLISH_SEGMENTS, REPUBLISH_TIME_TO_STOP, Republished, Window,
};
pub use send::{CALLS_AT_ONCE_MAX, Failure, Failures, SENDS_PER_MESSAGE_MAX, send_all};

use crate::{
    Bus, Commit, EventStore, Host, Parking, Pointer, RetryQueue,
    batch::{Delivered, Report, take_queue, take_stream},
};
use invocation::Invocation;

/// Says how much time the invocation has left.
type TimeLeft<'a> = dyn Fn() -> Duration + Sync + 'a;

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

/// A record of the stream: a commit, or the reason why it is none.
#[derive(Clone, Debug)]
pub enum StreamRecord {
    /// A new commit.
    Commit(Box<Commit>),
    /// Something that is no new commit, to be looked at by a person.
    Unreadable {
        /// Where the commit is, where the record's key can be read. It is parked as this pointer, so that moving it to the
        /// retry queue publishes it once the code that reads it is deployed.
        pointer: Option<Pointer>,
        /// The record's text, which is kept where there is no pointer.
        body: String,
        /// Why it is no commit.
        reason: String,
    },
}

impl Relay {
    /// Publishes a batch of the event table's stream.
    pub async fn take_stream(
        &self,
        records: Vec<Delivered<StreamRecord>>,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Report {
        let invocation = Invocation::new(self, &time_left);
        take_stream(records, &time_left, |records| invocation.publish(records)).await
    }

    /// Publishes a batch of the retry queue: pointers to commits, as JSON. All of them are published together.
    pub async fn take_retries(
        &self,
        messages: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Report {
        let invocation = Invocation::new(self, &time_left);
        let step = |bodies| invocation.republish(bodies);
        take_queue(&*self.host, messages, |_| (), &time_left, step).await
    }
}
