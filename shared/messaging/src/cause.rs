//! The cause of a failed AWS call.

use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::RequestId;
use dekigoto::Cause;

/// Converts an SDK error.
pub(crate) fn cause_of<E>(operation: &'static str, error: &SdkError<E>) -> Cause
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + 'static,
{
    let reason = match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or("no code");
            let message = answer.err().message().unwrap_or("no message");
            let request = answer.err().request_id().unwrap_or("none");
            format!("{code}: {message} (request {request})")
        }
        _ => DisplayErrorContext(error).to_string(),
    };
    Cause { operation, reason }
}
