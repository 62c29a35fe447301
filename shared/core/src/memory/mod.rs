//! In-memory adapters, for tests, examples and single-process systems.
//!
//! They pass the same contract suites as the AWS adapters.

mod bus;
mod host;
mod outbox;
mod replay;
mod store;
mod views;

pub use bus::{Handler, InMemoryEventBus, MemoryDeadlineQueue, MemoryParking, MemoryRetryQueue};
pub use host::ManualHost;
pub use outbox::MemoryOutbox;
pub use store::MemoryStore;
pub use views::MemoryViews;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex and ignores poisoning: every change here is one step, so a panic leaves nothing half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
