//! Why rows could not be brought up to date.

use crate::{InvalidStreamId, RowKey, ViewError};

/// Why a step over events of one row failed as a whole. The events are delivered again.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The view store failed to read or write.
    #[error(transparent)]
    Store(#[from] ViewError),
    /// A stored row does not have the view's shape. The error names the place, never the content.
    #[error("row {} {} is unreadable at column {column}", key.partition, key.sort)]
    Unreadable {
        /// The row.
        key: RowKey,
        /// The column in the row's JSON.
        column: usize,
    },
    /// The row cannot be written as JSON.
    #[error("the row has no JSON form")]
    NoJson,
    /// An event names a stream that cannot exist.
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    /// Other writers changed the row at each attempt.
    #[error("other writers changed the row {0} times")]
    Contended(u32),
}

impl ProjectError {
    /// serde's error repeats the content that it could not read, so only the place is kept.
    pub(super) fn unreadable(key: &RowKey, cause: &serde_json::Error) -> Self {
        Self::Unreadable { key: key.clone(), column: cause.column() }
    }
}
