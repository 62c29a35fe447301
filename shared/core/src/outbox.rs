//! The port of a transactional outbox, for event stores that have no stream of their changes.
//!
//! The store writes an entry in the same transaction as the commit, so a commit and the intent to publish it are stored
//! together or not at all. A relay leases entries, publishes them, and deletes them. There is no checkpoint and no global
//! position, so no entry is skipped when writers commit out of order.

use std::time::Duration;

use async_trait::async_trait;

use crate::{RetryQueue, Source};

/// Names an entry of an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub i64);

/// An entry that was leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The entry.
    pub id: EntryId,
    /// The [`Pointer`](crate::Pointer) to the commit, as [text](crate::Pointer::text).
    pub pointer: String,
    /// How often it has been leased, this time included.
    pub attempts: u32,
}

/// Which entries a relay may lease at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Any that are due. Fastest, but commits of one stream may be published out of order.
    Any,
    /// Only the oldest entry of each stream. Later ones wait until it is deleted, also while it is leased or waits after
    /// a failure. So the commits of a stream are published in order, by any number of relays: none needs a range of streams
    /// for itself. A relay that hangs until its lease ends may send a commit once more after a later one.
    PerStream,
}

/// The commits that are not published yet.
///
/// As a [`RetryQueue`], it takes a pointer that names only the targets that failed, as another entry.
///
/// Every implementation passes the contract suite of the testkit.
#[async_trait]
pub trait Outbox: RetryQueue {
    /// Leases the entries that are due, at most `limit`, oldest first. Nobody else gets them for `time`; then they are
    /// due again. A `limit` of 0 counts as 1.
    ///
    /// # Errors
    /// When the outbox does not answer. Some entries may have been leased.
    async fn lease(&self, limit: u32, time: Duration, order: Order) -> Result<Vec<Leased>, Source>;

    /// Deletes entries, because they are published or parked.
    ///
    /// # Errors
    /// When the outbox does not answer. The entries come again when their lease ends.
    async fn done(&self, entries: &[EntryId]) -> Result<(), Source>;

    /// Ends the lease of an entry that failed. It is due again after `wait`.
    ///
    /// # Errors
    /// When the outbox does not answer. The entry comes again when its lease ends.
    async fn put_back(&self, entry: EntryId, wait: Duration) -> Result<(), Source>;

    /// How many entries there are, due or not.
    ///
    /// # Errors
    /// When the outbox does not answer.
    async fn waiting(&self) -> Result<u64, Source>;
}
