//! A failed call to a store, sorted by what to do next. Adapters turn their errors into one, and it becomes the error of
//! whichever port was called.

use crate::{AppendError, Cause, ReadError, Source, ViewError};

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Refused for now, because of load or a passing state: this attempt did nothing.
    Busy,
    /// Larger than the store can hold.
    TooLarge,
    /// No answer: the call may have been carried out.
    Unknown,
    /// A bug, a missing permission, a wrong configuration or a damaged store.
    Broken,
}

/// A failed call to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFailure {
    /// What to do next.
    pub kind: FailureKind,
    /// The private cause, for the log.
    pub cause: Cause,
}

impl StoreFailure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, operation: &'static str, reason: impl Into<String>) -> Self {
        Self { kind, cause: Cause { operation, reason: reason.into() } }
    }

    /// A failure that an operator must repair.
    pub fn broken(operation: &'static str, reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Broken, operation, reason)
    }
}

impl From<StoreFailure> for Source {
    fn from(failure: StoreFailure) -> Self {
        failure.cause.into()
    }
}

impl From<StoreFailure> for AppendError {
    fn from(failure: StoreFailure) -> Self {
        let kind = failure.kind;
        let cause: Source = failure.into();
        match kind {
            FailureKind::Busy => Self::Throttled(cause),
            FailureKind::TooLarge => Self::TooLarge(cause),
            FailureKind::Unknown => Self::Unknown(cause),
            FailureKind::Broken => Self::Broken(cause),
        }
    }
}

impl From<StoreFailure> for ReadError {
    fn from(failure: StoreFailure) -> Self {
        let kind = failure.kind;
        let cause: Source = failure.into();
        match kind {
            FailureKind::Busy | FailureKind::Unknown => Self::Unavailable(cause),
            FailureKind::TooLarge | FailureKind::Broken => Self::Broken(cause),
        }
    }
}

impl From<StoreFailure> for ViewError {
    fn from(failure: StoreFailure) -> Self {
        let kind = failure.kind;
        let cause: Source = failure.into();
        match kind {
            FailureKind::Busy | FailureKind::Unknown => Self::Unavailable(cause),
            FailureKind::TooLarge | FailureKind::Broken => Self::Broken(cause),
        }
    }
}
