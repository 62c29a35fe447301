//! The state that every handler shares.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use dekigoto::{
    Engine, EventStore, Host, Limits, Ports, Zone,
    generations::{LiveGenerations, LiveViews},
};

use crate::{limits::REQUEST_TIME_MAX, seal::CursorKey};

/// The router's state: stores, host and engine. Handlers extract it as axum's `State`, a clone for each request and route.
#[derive(Clone)]
pub struct App(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    ports: Ports,
    engine: Engine,
    live: LiveGenerations,
    request_time_max: Duration,
    zone: Zone,
    /// Loaded when the first list needs it.
    cursor_key: Arc<OnceLock<CursorKey>>,
}

impl App {
    /// An application on these stores, with the default limits.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        let engine = Engine::new(Arc::clone(&ports.store), Arc::clone(&ports.host));
        let live = LiveGenerations::new(Arc::clone(&ports.views), Arc::clone(&ports.host));
        let (request_time_max, zone) = (REQUEST_TIME_MAX, Zone::utc());
        let cursor_key = Arc::default();
        Self(Arc::new(Parts { ports, engine, live, request_time_max, zone, cursor_key }))
    }

    /// Sets the business time zone: which calendar day a request belongs to. Without it, that is UTC.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Self {
        self.with(|parts| Parts { zone, ..parts })
    }

    /// Replaces the limits. Give the engine less time than the request, so that a command ends before its request does.
    #[must_use]
    pub fn with_limits(self, request_time_max: Duration, engine: Limits) -> Self {
        self.with(|parts| {
            let engine = parts.engine.with_limits(engine);
            Parts { request_time_max, engine, ..parts }
        })
    }

    fn with(self, change: impl FnOnce(Parts) -> Parts) -> Self {
        Self(Arc::new(change(Arc::unwrap_or_clone(self.0))))
    }

    /// The slot of the key that seals cursors.
    pub(crate) fn cursor_key(&self) -> &OnceLock<CursorKey> {
        &self.0.cursor_key
    }

    /// The stores and the host. Handlers get the rows of a view from [`views`](Self::views), so that none reads a
    /// generation that is not live.
    pub(crate) fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// The event store.
    #[must_use]
    pub fn store(&self) -> &dyn EventStore {
        &*self.0.ports.store
    }

    /// Clock, randomness and waiting.
    #[must_use]
    pub fn host(&self) -> &dyn Host {
        &*self.0.ports.host
    }

    /// The rows of the view with this name, in its live generation.
    #[must_use]
    pub fn views(&self, view: &'static str) -> LiveViews {
        self.0.live.of(view)
    }

    /// The engine that runs commands.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The business time zone.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.0.zone
    }

    /// The time after which a request is answered with 503.
    #[must_use]
    pub fn request_time_max(&self) -> Duration {
        self.0.request_time_max
    }
}
