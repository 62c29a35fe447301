//! Errors of DynamoDB, sorted by what to do next.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use dekigoto::{FailureKind as Kind, StoreFailure};

/// Sorts an error that the SDK returns after its retries.
pub(crate) fn failure_of<E>(operation: &'static str, error: &SdkError<E>) -> StoreFailure
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
    StoreFailure::new(kind, operation, reason)
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
