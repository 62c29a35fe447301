//! The port of the event store.

use async_trait::async_trait;

use crate::{Commit, Corrupt, Envelope, Ordinal, StreamId};

/// The private cause of an adapter's failure, for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an append failed. Each variant says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another commit has the place. If it is not from the same command, load again and decide again.
    #[error("another commit has this place")]
    Conflict {
        /// The commit at the place.
        found: Box<Commit>,
    },
    /// The store is busy. Back off, then send the same commit.
    #[error("the event store is throttling")]
    Throttled(#[source] Source),
    /// The commit is too large for the store. Do not retry.
    #[error("the commit is too large for the event store")]
    TooLarge(#[source] Source),
    /// No answer: the commit may or may not be stored. Send the same commit again to find out.
    #[error("no answer from the event store; the commit may be stored")]
    Unknown(#[source] Source),
    /// A bug, a missing permission or a bad table. Give up and alert an operator.
    #[error("the event store is broken")]
    Broken(#[source] Source),
}

/// Why a read failed. Each variant says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stored items are not a valid history. Give up and alert an operator.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The store is busy or did not answer. Back off and read again.
    #[error("the event store does not answer")]
    Unavailable(#[source] Source),
    /// A bug, a missing permission or a bad table. Give up and alert an operator.
    #[error("the event store is broken")]
    Broken(#[source] Source),
}

/// Where a read starts, and in which direction it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// From the newest commit, descending.
    Newest,
    /// From this commit, descending.
    Down(Ordinal),
    /// From this commit, ascending.
    Up(Ordinal),
}

/// Stores commits for ever. There is no unconditional append, no edit and no delete.
///
/// Every implementation passes the contract suite of the testkit; that suite is the port's specification.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Stores a commit at its place, if the place is free.
    ///
    /// Returns [`Ok`] also when this very commit is already stored: an adapter may have repeated a request whose answer
    /// was lost.
    ///
    /// # Errors
    /// [`AppendError`]. Sending the same commit again is safe after any of them: its place is fixed, so it is stored
    /// there or nowhere.
    async fn append(&self, commit: &Commit) -> Result<(), AppendError>;

    /// Reads at most `limit` commits of one stream.
    ///
    /// The read is strongly consistent: it sees every append that was acknowledged before it began. A page may be
    /// shorter than `limit`; only an empty page means that there are no more commits. A `limit` of 0 counts as 1,
    /// because an empty page would look like the end.
    ///
    /// # Errors
    /// [`ReadError`], also for a stored item that is not a commit: it is never skipped.
    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError>;

    /// Whether these events are known to be stored as they are, so that nobody has to look. No store knows it of a message;
    /// the page of a rebuild knows it of its own events.
    fn vouches_for(&self, _events: &[Envelope]) -> bool {
        false
    }
}
