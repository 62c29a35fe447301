//! Why a call failed, for the log.

use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::RequestId;

/// Why a call failed, for the log.
///
/// It holds the service's own words and never the request, which holds what customers said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {reason}")]
pub struct Cause {
    /// The service and the operation, such as `SNS PublishBatch`.
    pub operation: &'static str,
    /// The error code, the message and the request id; or why there was no answer.
    pub reason: String,
}

impl Cause {
    pub(crate) fn of<E>(operation: &'static str, error: &SdkError<E>) -> Self
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
        Self { operation, reason }
    }
}
