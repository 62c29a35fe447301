//! The ports that a service runs on.

use std::sync::Arc;

use crate::{EventStore, Host, ViewStore};

/// The stores of a service, and its host.
#[derive(Clone)]
pub struct Ports {
    /// The event store: the source of truth.
    pub store: Arc<dyn EventStore>,
    /// The view store.
    pub views: Arc<dyn ViewStore>,
    /// Clock, randomness and waiting.
    pub host: Arc<dyn Host>,
}
