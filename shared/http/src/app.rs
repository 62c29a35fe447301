//! What every handler stands on.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use dekigoto::{Engine, Limits, Ports};

use crate::{limits::REQUEST_TIME_MAX, seal::CursorKey};

/// The state of the router: stores, host and engine. Handlers take it as axum's `State`.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    engine: Engine,
    request_time_max: Duration,
    /// Read when the first list needs it.
    pub(crate) cursor_key: Arc<OnceLock<CursorKey>>,
}

impl App {
    /// An application on these stores, with the usual limits.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        let engine = Engine::new(Arc::clone(&ports.store), Arc::clone(&ports.host));
        Self { ports, engine, request_time_max: REQUEST_TIME_MAX, cursor_key: Arc::default() }
    }

    /// The same application with other limits. A command must end before its request does, so give the engine less time.
    #[must_use]
    pub fn with_limits(self, request_time_max: Duration, engine: Limits) -> Self {
        Self { request_time_max, engine: self.engine.with_limits(engine), ..self }
    }

    /// Stores and host.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Runs commands.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How long one request may take.
    #[must_use]
    pub fn request_time_max(&self) -> Duration {
        self.request_time_max
    }
}
