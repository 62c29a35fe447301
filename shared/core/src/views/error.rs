//! Why an event could not be applied to a view, and whether another delivery can help.

use super::{FoldError, claims::EVENTS_PER_READ_MAX};
use crate::{
    InvalidStreamId, NotAnEvent, ReadError, RowKey, SchemaError, Source, Version, ViewError,
    batch::Outcome,
};

/// Why a stored row cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The view store failed to read or write.
    #[error(transparent)]
    Store(#[from] ViewError),
    /// The row does not have the view's shape. The error names the place, never the content.
    #[error("row {} is unreadable at column {column}", key.masked())]
    Unreadable {
        /// The row.
        key: RowKey,
        /// The column in the row's JSON.
        column: usize,
    },
}

impl RowError {
    /// serde's error repeats the content that it could not read, so only the place is kept.
    pub(super) fn unreadable(key: &RowKey, cause: &serde_json::Error) -> Self {
        Self::Unreadable { key: key.clone(), column: cause.column() }
    }
}

/// Why events could not be applied to a row.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The message is not an event.
    #[error(transparent)]
    Message(#[from] NotAnEvent),
    /// The row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The events could not be read from the store and folded.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// This code does not understand the event, and cannot name its row.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Newer code wrote the row.
    #[error(
        "newer code wrote the row, under schema {stored}; this code knows schema {known}, so the message waits for the \
         deployment to end"
    )]
    NewerRow {
        /// The schema of the stored row.
        stored: u32,
        /// The view's schema in this code.
        known: u32,
    },
    /// The row cannot be written as JSON.
    #[error("the row has no JSON form")]
    NoJson,
    /// An event names a stream that cannot exist.
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    /// The stored event of this version belongs to another row than the message.
    #[error("version {0} belongs to another row")]
    OtherRow(Version),
    /// One step closes a part of a longer gap.
    #[error("more than {EVENTS_PER_READ_MAX} events are missing")]
    LongGap,
    /// The message claims a version that the store does not have. A commit is stored before it is published, so the
    /// message is forged, or the store was set back to an earlier time.
    #[error("the store does not have version {0}; no row believes the message")]
    NotStored(Version),
    /// Other writers changed the row at each attempt.
    #[error("other writers changed the row {0} times")]
    Contended(u32),
    /// The view returned fewer outcomes than it got events.
    #[error("the view gave no outcome")]
    NoOutcome,
    /// The message could not be parked.
    #[error("{reason}; parking failed: {cause}")]
    NotParked {
        /// Why it had to be parked.
        reason: String,
        /// Why it could not be.
        cause: Source,
    },
}

impl From<ViewError> for ProjectError {
    fn from(error: ViewError) -> Self {
        Self::Row(error.into())
    }
}

impl ProjectError {
    /// Whether another delivery of the message would fail in the same way.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Message(_) | Self::Stream(_) | Self::OtherRow(_) | Self::NotStored(_) => true,
            Self::Schema(cause) => !cause.is_of_newer_code(),
            Self::Fold(cause) => is_permanent(cause),
            Self::Row(_)
            | Self::NewerRow { .. }
            | Self::NoJson
            | Self::LongGap
            | Self::Contended(_)
            | Self::NoOutcome
            | Self::NotParked { .. } => false,
        }
    }
}

fn is_permanent(error: &FoldError) -> bool {
    match error {
        FoldError::Read(ReadError::Unavailable(_) | ReadError::Broken(_))
        | FoldError::TooLong(_) => false,
        FoldError::Schema { cause, .. } => !cause.is_of_newer_code(),
        // The stored events are corrupt: another delivery cannot change that.
        FoldError::Read(ReadError::Corrupt(_)) | FoldError::Stream(_) => true,
    }
}

/// Parks the message if its error is permanent, and retries it otherwise.
impl From<ProjectError> for Outcome {
    fn from(error: ProjectError) -> Self {
        let reason = error.to_string();
        if error.is_permanent() { Self::Parked(reason) } else { Self::Retry(reason) }
    }
}
