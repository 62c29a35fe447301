//! What DynamoDB says when it does not do it, sorted by what to do next.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use dekigoto::{AppendError, Cause, ReadError, Source, ViewError};

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Refused because of load or of a transaction that is under way: nothing was done by this attempt.
    Busy,
    /// The item is over DynamoDB's limit.
    TooLarge,
    /// No answer, or one from a server in trouble: it may have been done.
    Unknown,
    /// A bug, a missing permission or a bad table.
    Broken,
}

/// A failed call.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) cause: Cause,
}

impl Failure {
    /// Sorts an error of the SDK, which has by then made all its attempts.
    pub(crate) fn of<E>(operation: &'static str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
    {
        let kind = match error {
            SdkError::ConstructionFailure(_) => Kind::Broken,
            SdkError::ServiceError(answer) => {
                let is_refusal = answer.raw().status().is_client_error();
                kind_of(answer.err().code(), answer.err().message(), is_refusal)
            }
            // Time-outs, broken connections and unreadable replies: it may have been done.
            _ => Kind::Unknown,
        };
        let reason = match error {
            SdkError::ServiceError(answer) => told(answer.err()),
            _ => DisplayErrorContext(error).to_string(),
        };
        Self { kind, cause: Cause { operation, reason } }
    }

    /// A failure that DynamoDB did not report.
    pub(crate) fn broken(operation: &'static str, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { kind: Kind::Broken, cause: Cause { operation, reason } }
    }
}

fn kind_of(code: Option<&str>, message: Option<&str>, is_refusal: bool) -> Kind {
    match code.unwrap_or_default() {
        "ProvisionedThroughputExceededException"
        | "ProvisionedThroughputExceeded"
        | "ThrottlingException"
        | "ThrottlingError"
        | "Throttling"
        | "RequestLimitExceeded"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => Kind::Busy,
        // The only sign of an item over 400 KB is the text of its validation error.
        "ValidationException" | "ValidationError" if is_about_size(message) => Kind::TooLarge,
        "RequestEntityTooLarge" | "RequestEntityTooLargeException" => Kind::TooLarge,
        _ if is_refusal => Kind::Broken,
        // A server in trouble; or a success that cannot be read, behind which the item may well be there.
        _ => Kind::Unknown,
    }
}

fn is_about_size(message: Option<&str>) -> bool {
    message
        .is_some_and(|text| text.to_ascii_lowercase().contains("exceeded the maximum allowed size"))
}

fn told<E: ProvideErrorMetadata + RequestId>(error: &E) -> String {
    let code = error.code().unwrap_or("no code");
    let message = error.message().unwrap_or("no message");
    let request = error.request_id().unwrap_or("none");
    format!("{code}: {message} (request {request})")
}

impl From<Failure> for AppendError {
    fn from(failure: Failure) -> Self {
        let cause: Source = failure.cause.into();
        match failure.kind {
            Kind::Busy => Self::Throttled(cause),
            Kind::TooLarge => Self::TooLarge(cause),
            Kind::Unknown => Self::Unknown(cause),
            Kind::Broken => Self::Broken(cause),
        }
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        let cause: Source = failure.cause.into();
        match failure.kind {
            Kind::Busy | Kind::Unknown => Self::Unavailable(cause),
            Kind::TooLarge | Kind::Broken => Self::Broken(cause),
        }
    }
}

impl From<Failure> for ViewError {
    fn from(failure: Failure) -> Self {
        let cause: Source = failure.cause.into();
        match failure.kind {
            Kind::Busy | Kind::Unknown => Self::Unavailable(cause),
            Kind::TooLarge | Kind::Broken => Self::Broken(cause),
        }
    }
}
