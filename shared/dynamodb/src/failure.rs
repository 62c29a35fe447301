//! Errors of DynamoDB, sorted by what to do next.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use dekigoto::{AppendError, Cause, ReadError, Source, ViewError};

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Refused because of load or a running transaction: this attempt did nothing.
    Busy,
    /// The item is over DynamoDB's limit.
    TooLarge,
    /// No reply, or a server error: the request may have been carried out.
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
    /// Sorts an error that the SDK returns after its retries.
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
            // Time-outs, broken connections and unreadable replies: it may have been carried out.
            _ => Kind::Unknown,
        };
        let reason = match error {
            SdkError::ServiceError(answer) => describe(answer.err()),
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
        // Only the message of the validation error says that an item is over 400 KB.
        "ValidationException" | "ValidationError" if is_about_size(message) => Kind::TooLarge,
        "RequestEntityTooLarge" | "RequestEntityTooLargeException" => Kind::TooLarge,
        _ if is_refusal => Kind::Broken,
        // A server error, or a success that cannot be read: the item may have been written.
        _ => Kind::Unknown,
    }
}

fn is_about_size(message: Option<&str>) -> bool {
    message
        .is_some_and(|text| text.to_ascii_lowercase().contains("exceeded the maximum allowed size"))
}

fn describe<E: ProvideErrorMetadata + RequestId>(error: &E) -> String {
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
