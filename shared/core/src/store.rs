//! The port of the event store.

use async_trait::async_trait;

use crate::{Commit, Corrupt, Ordinal, StreamId};

/// What an adapter could not do, with the private cause for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an append did not succeed, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The place is taken. Look at who took it; else load again and decide again.
    #[error("another commit has taken the place")]
    Conflict {
        /// The commit that is there.
        found: Box<Commit>,
    },
    /// The store is busy. Back off, then send the same bytes.
    #[error("the event store is throttling")]
    Throttled(#[source] Source),
    /// The store refused the commit's size: it never fits.
    #[error("the event store refuses a commit of this size")]
    TooLarge(#[source] Source),
    /// Sent, no answer: it may or may not be there. Look the command key up before deciding again.
    #[error("no answer from the event store; the commit may be there")]
    Unknown(#[source] Source),
    /// A bug, a missing permission or a bad table. Give up and alarm.
    #[error("the event store is broken")]
    Broken(#[source] Source),
}

/// Why a read did not succeed, by what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What is stored is not a history. Give up and alarm.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The store is busy or did not answer. Back off and read again.
    #[error("the event store does not answer")]
    Unavailable(#[source] Source),
    /// A bug, a missing permission or a bad table. Give up and alarm.
    #[error("the event store is broken")]
    Broken(#[source] Source),
}

/// Which way a read goes, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// From the newest commit, down.
    Newest,
    /// From that commit, down.
    Down(Ordinal),
    /// From that commit, up.
    Up(Ordinal),
}

/// Keeps commits, for ever. Append-only: there is no unconditional append, and no way to edit or delete.
///
/// Every implementation passes the contract suite of the testkit; that suite is the port's specification.
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Stores the commit at its place, if that place is free.
    ///
    /// Where that very commit is there already, it says [`Ok`]: an adapter may have repeated a request whose answer
    /// was lost, and then finds its own commit.
    ///
    /// # Errors
    /// [`AppendError`], which says what to do next. Sending the same commit again is safe after any of them: its place is
    /// fixed, so it is there or nowhere.
    async fn append(&self, commit: &Commit) -> Result<(), AppendError>;

    /// The commits of one stream, at most `limit` and at least one if there is one that way.
    ///
    /// Strongly consistent: it sees every append that was acknowledged before it began. A store may answer with
    /// fewer than `limit`; only an empty answer means that there are no more. A `limit` of 0 counts as 1, so that it
    /// cannot look like an end.
    ///
    /// # Errors
    /// [`ReadError`]; also for a stored item that is no commit, which is never skipped.
    async fn read(
        &self,
        stream: &StreamId,
        from: ReadFrom,
        limit: u32,
    ) -> Result<Vec<Commit>, ReadError>;
}
