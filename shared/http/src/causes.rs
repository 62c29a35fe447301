//! Turns errors of the engine and the stores into problems.

use dekigoto::{
    CommandError, Explain, LoadError, ReadError, SchemaError, Source, Text, ViewError,
    views::{FoldError, RowError},
};

use crate::problem::{FieldFault, Kind, Problem, Subject};

fn unavailable(cause: impl Into<Source>) -> Problem {
    let detail = "The store does not answer. Send the same request again, a command with the same \
                  Idempotency-Key.";
    Problem::new(Kind::UNAVAILABLE, detail).with_cause(cause)
}

fn internal(cause: impl Into<Source>) -> Problem {
    let detail =
        "The service failed, and nothing was lost. If it happens again, report the instance.";
    Problem::new(Kind::INTERNAL, detail).with_cause(cause)
}

/// The problem of a failed command. `refused` turns the domain's refusal into a problem.
pub fn of_command<R>(error: CommandError<R>, refused: impl FnOnce(&R) -> Problem) -> Problem {
    match error {
        CommandError::Refused(refusal) => refused(&refusal),
        CommandError::KeyReused => Problem::new(
            Kind::KEY_REUSED,
            "This Idempotency-Key belongs to another request. Use a new key for a new request.",
        ),
        CommandError::PreconditionFailed { actual } => {
            let at = actual.map_or_else(
                || "does not exist".to_owned(),
                |version| format!("is at version {version}"),
            );
            let detail = format!("The stream {at}. Read it again and decide again.");
            Problem::new(Kind::PRECONDITION_FAILED, detail)
        }
        CommandError::Unmet => {
            let detail =
                "Something that the tag names has changed. Read it again and decide again.";
            Problem::new(Kind::PRECONDITION_FAILED, detail)
        }
        CommandError::Conflict => Problem::new(
            Kind::VERSION_CONFLICT,
            "Other requests changed the same resource first, on every attempt. Send the request again with the same key.",
        ),
        CommandError::TooLarge(cause) => {
            Problem::new(Kind::PAYLOAD_TOO_LARGE, cause.to_string()).with_cause(cause)
        }
        CommandError::Unavailable(cause) | CommandError::Unknown(cause) => unavailable(cause),
        CommandError::Broken(cause) => internal(cause),
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(error) => error.into(),
            LoadError::Schema { cause, .. } => cause.into(),
        }
    }
}

impl From<SchemaError> for Problem {
    fn from(error: SchemaError) -> Self {
        // During a deployment, old code reads events of new code. The old code is gone in a moment.
        if error.is_of_newer_code() { unavailable(error) } else { internal(error) }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(cause) => unavailable(cause),
            error @ (ReadError::Corrupt(_) | ReadError::Broken(_)) => internal(error),
        }
    }
}

impl From<FoldError> for Problem {
    fn from(error: FoldError) -> Self {
        match error {
            FoldError::Read(error) => error.into(),
            FoldError::Schema { cause, .. } => cause.into(),
            FoldError::Stream(_) => Self::not_found(),
            error @ FoldError::TooLong(_) => unreadable_data(error),
        }
    }
}

/// Why the row of a view across aggregates cannot be shown. Where a part of it cannot be read, the sum would be wrong; it
/// can be read again once the deployment has ended or the view is rebuilt.
impl From<RowError> for Problem {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Store(error) => error.into(),
            error @ RowError::Unreadable { .. } => unavailable(error),
        }
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Unavailable(cause) => unavailable(cause),
            error @ (ViewError::Conflict | ViewError::Broken(_)) => internal(error),
        }
    }
}

/// A problem with one field of the body.
pub fn bad_field(kind: Kind, pointer: &str, why: &dyn Explain) -> Problem {
    let (subject, detail) = (Subject::Pointer(pointer.to_owned()), Text::of(why));
    Problem::told(kind, detail.clone()).with_faults(vec![FieldFault { subject, detail }])
}

/// A problem for stored data that cannot be read.
pub fn unreadable_data(cause: impl Into<Source>) -> Problem {
    Problem::new(Kind::INTERNAL, "The stored data cannot be read. Report the instance.")
        .with_cause(cause)
}

/// A problem for a stored row that cannot be read. serde's error repeats the data, so only the column is logged.
#[must_use]
pub fn unreadable_row(cause: &serde_json::Error) -> Problem {
    unreadable_data(format!("a row is unreadable at column {}", cause.column()))
}
