//! The relay publishes commits: domain events to a topic, integration events to a bus.
//!
//! The stream of the event table is the outbox. A commit that cannot be published now goes to the retry queue as a
//! pointer that names the targets without it. So an outage of one target blocks no shard, may outlast the stream's 24
//! hours, and sends no duplicates to the other target. A target that times out or keeps failing is not called again in
//! the same invocation, and every invocation returns its report in time.

mod announce;
mod budget;
mod circuit;
mod invocation;
mod outbox;
mod outgoing;
mod republish;
mod send;
mod settle;

use std::{sync::Arc, time::Duration};

pub use announce::{
    Announce, Announcements, IntegrationData, IntegrationEvent, SCHEMA_BASE, Unannounced, nothing,
    schema_id,
};
pub use budget::{REPORT_TIME, SETTLING_TIME_MAX};
pub use circuit::{CALL_TIME_MAX, Circuit, FAILED_CALLS_MAX, HANG_TIME_MIN};
pub use invocation::READS_AT_ONCE_MAX;
pub use outbox::{OUTBOX_ATTEMPTS_MAX, OUTBOX_BATCH};
pub use republish::{
    REPUBLISH_PAGE, REPUBLISH_SEGMENTS, REPUBLISH_TIME_TO_STOP, Republished, Window,
};
pub use send::{CALLS_AT_ONCE_MAX, Failure, Failures, SENDS_PER_MESSAGE_MAX, send_all};

use crate::{
    Bus, Commit, EventStore, Host, Parking, Pointer, RetryQueue, TimeLeft,
    batch::{Delivered, Report, take_queue, take_stream},
};
use invocation::Invocation;

/// Publishes commits.
#[derive(Clone)]
pub struct Relay {
    /// Receives domain events. Every service that subscribes receives every event.
    pub topic: Arc<dyn Bus>,
    /// Receives integration events, the public contract.
    pub bus: Arc<dyn Bus>,
    /// Receives pointers to commits that could not be published now.
    pub retry: Arc<dyn RetryQueue>,
    /// Receives what can never be published, with the reason.
    pub parking: Arc<dyn Parking>,
    /// Holds the commits that pointers name.
    pub store: Arc<dyn EventStore>,
    /// The clock, timers and random numbers.
    pub host: Arc<dyn Host>,
    /// How events are announced on the bus.
    pub announcements: Announcements,
}

/// A record of the stream: a commit, or the reason why it is not one.
#[derive(Clone, Debug)]
pub enum StreamRecord {
    /// A new commit.
    Commit(Box<Commit>),
    /// A record that is not a new commit. It is parked.
    Unreadable {
        /// The pointer to the commit, if the record's key can be read. This pointer is parked, so that a redrive to the
        /// retry queue publishes the commit once code that can read it is deployed.
        pointer: Option<Pointer>,
        /// The record's text. It is parked if there is no pointer.
        body: String,
        /// Why it is not a commit.
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

    /// Publishes a batch of the retry queue: pointers to commits, as JSON. All are published together.
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
