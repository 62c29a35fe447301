//! Every port of a service, in memory.

use std::sync::Arc;

use dekigoto::{
    Bus, Commit, Envelope, Ports,
    memory::{ManualHost, MemoryParking, MemoryRetryQueue, MemoryStore, MemoryViews},
    relay::{Announcements, Relay},
    views::{AnyView, Projector},
};

/// A host whose clock starts at 09:00 on 2026-11-23.
#[must_use]
pub fn still_host() -> ManualHost {
    ManualHost::starting_at("2026-11-23T09:00:00.000Z".parse().unwrap())
}

/// Every port of a service, in memory. A test reads the fields, and wraps them in doubles that fail.
#[derive(Clone)]
pub struct World {
    /// The events.
    pub store: MemoryStore,
    /// The rows of views.
    pub views: MemoryViews,
    /// Pointers to commits that could not be published.
    pub retry: MemoryRetryQueue,
    /// What was parked.
    pub parking: MemoryParking,
    /// The clock, which stands still until a task sleeps.
    pub host: ManualHost,
}

impl Default for World {
    fn default() -> Self {
        Self {
            store: MemoryStore::new(),
            views: MemoryViews::new(),
            retry: MemoryRetryQueue::default(),
            parking: MemoryParking::default(),
            host: still_host(),
        }
    }
}

impl World {
    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(self.store.clone()),
            views: Arc::new(self.views.clone()),
            host: Arc::new(self.host.clone()),
        }
    }

    /// A projector of that view.
    #[must_use]
    pub fn projector(&self, view: Arc<dyn AnyView>) -> Projector {
        Projector::of(view, self.ports(), Arc::new(self.parking.clone()))
    }

    /// A relay to these targets.
    #[must_use]
    pub fn relay(
        &self,
        announcements: &Announcements,
        topic: Arc<dyn Bus>,
        bus: Arc<dyn Bus>,
    ) -> Relay {
        Relay {
            topic,
            bus,
            retry: Arc::new(self.retry.clone()),
            parking: Arc::new(self.parking.clone()),
            store: Arc::new(self.store.clone()),
            host: Arc::new(self.host.clone()),
            announcements: announcements.clone(),
        }
    }

    /// Every commit, stream by stream.
    #[must_use]
    pub fn commits(&self) -> Vec<Commit> {
        self.store.dump().into_iter().map(|item| item.try_into().unwrap()).collect()
    }

    /// Every event, stream by stream.
    #[must_use]
    pub fn events(&self) -> Vec<Envelope> {
        self.commits().iter().flat_map(|commit| commit.envelopes().collect::<Vec<_>>()).collect()
    }
}
