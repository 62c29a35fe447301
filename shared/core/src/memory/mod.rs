//! Adapters that keep everything in memory: for tests, for examples and for a system in one process.
//!
//! They pass the same contract suite as the adapters for AWS.

mod bus;
mod host;
mod replay;
mod store;
mod views;

pub use bus::{Handler, InMemoryEventBus, MemoryParking, MemoryRetryQueue};
pub use host::ManualHost;
pub use store::MemoryStore;
pub use views::MemoryViews;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also when another thread panicked while it held the lock: every change below is made in one step, so
/// nothing half-done can be seen.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
