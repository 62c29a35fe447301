//! Private causes of failures, for the log.

/// Why a call to another system failed, for the log.
///
/// It holds that system's error, and never the request or the reply, which contain customer data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {reason}")]
pub struct Cause {
    /// The system and its operation, such as `DynamoDB PutItem`.
    pub operation: &'static str,
    /// The error code, message and request id; or why there was no answer.
    pub reason: String,
}
