//! What a service stands on.

use std::sync::Arc;

use crate::{EventStore, Host, ViewStore};

/// The stores of a service and the machine that it runs on.
#[derive(Clone)]
pub struct Ports {
    /// The events: the truth.
    pub store: Arc<dyn EventStore>,
    /// The rows of views.
    pub views: Arc<dyn ViewStore>,
    /// Clock, randomness and waiting.
    pub host: Arc<dyn Host>,
}
