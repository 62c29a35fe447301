//! Where a running system keeps its events and views.

use std::sync::Arc;

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, Parking, ReadError, ReadFrom, StreamId, SystemHost, ViewStore,
    memory::{MemoryOutbox, MemoryParking, MemoryStore, MemoryViews},
    outbox::Outbox,
    replay::ReplaySource,
};
use tokio::sync::Notify;

use crate::show;

/// The stores of a running system.
#[derive(Clone)]
pub struct Stores {
    /// The events.
    pub events: Arc<dyn EventStore>,
    /// The same events, read as a whole.
    pub history: Arc<dyn ReplaySource>,
    /// Pointers to the commits that are not published yet.
    pub outbox: Arc<dyn Outbox>,
    /// The rows of views.
    pub views: Arc<dyn ViewStore>,
    /// What cannot be handled, with the reason.
    pub parking: Arc<dyn Parking>,
}

impl Stores {
    /// Stores in memory. They forget everything when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        let events = MemoryStore::new();
        Self {
            outbox: Arc::new(MemoryOutbox::of(&events, Arc::new(SystemHost))),
            history: Arc::new(events.clone()),
            events: Arc::new(events),
            views: Arc::new(MemoryViews::new()),
            parking: Arc::new(MemoryParking::default()),
        }
    }
}

/// An event store that shows each new commit and wakes the relay.
pub(crate) struct Watched {
    pub(crate) events: Arc<dyn EventStore>,
    pub(crate) appended: Arc<Notify>,
}

#[async_trait]
impl EventStore for Watched {
    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        let outcome = self.events.append(commit).await;
        if outcome.is_ok() {
            show::stored(commit);
        }
        // After any error too: the commit may be stored.
        self.appended.notify_one();
        outcome
    }

    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError> {
        self.events.read(stream, from, limit).await
    }
}
