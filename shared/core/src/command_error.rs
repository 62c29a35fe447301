//! Why a command failed.

use crate::{CommitError, InvalidStreamId, LoadError, ReadError, Version, store::Source};

/// Why a command failed. Nothing was stored, except possibly after [`Unknown`](Self::Unknown).
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R> {
    /// The decider refused the command.
    #[error("refused")]
    Refused(R),
    /// The key belongs to another request.
    #[error("the command key was used for another request")]
    KeyReused,
    /// The precondition does not hold.
    #[error("the stream is not at the expected version")]
    PreconditionFailed {
        /// The stream's version.
        actual: Option<Version>,
    },
    /// Something else that the command depends on has changed: [`Expect::Unmet`](crate::Expect::Unmet).
    #[error("something that the command depends on has changed")]
    Unmet,
    /// Other commands on the same stream won every attempt.
    #[error("other commands on the same stream won every attempt")]
    Conflict,
    /// The store is busy or down. Sending the same command with the same key again is safe.
    #[error("the event store does not answer")]
    Unavailable(#[source] Source),
    /// No answer: the commit may be stored. Send the same command with the same key to find out.
    #[error("no answer from the event store; the commit may be stored")]
    Unknown(#[source] Source),
    /// The events exceed a limit of a commit.
    #[error(transparent)]
    TooLarge(#[from] CommitError),
    /// A bug, a missing permission or a corrupt history.
    #[error("the event store is broken")]
    Broken(#[source] Source),
}

impl<R> From<LoadError> for CommandError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(ReadError::Unavailable(cause)) => Self::Unavailable(cause),
            // During a deployment, old code reads events of new code. The old code is gone in a moment.
            LoadError::Schema { ref cause, .. } if cause.is_of_newer_code() => {
                Self::Unavailable(error.into())
            }
            error @ (LoadError::Read(ReadError::Corrupt(_) | ReadError::Broken(_))
            | LoadError::Schema { .. }) => Self::Broken(error.into()),
        }
    }
}

impl<R> From<InvalidStreamId> for CommandError<R> {
    fn from(error: InvalidStreamId) -> Self {
        Self::Broken(error.into())
    }
}
