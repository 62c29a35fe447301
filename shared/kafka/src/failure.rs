//! The errors of Kafka, by what the caller should do next.

use dekigoto::Refused;
use krafka::error::{ErrorCode, KrafkaError};

/// Why Kafka did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KafkaFailure {
    /// A record is over the limit of the topic or of a request. Sending it again cannot help.
    #[error("TooLarge: the record is over the size limit of the topic")]
    TooLarge,
    /// The broker refused the record itself. Sending it again cannot help.
    #[error("InvalidRecord: {0}")]
    InvalidRecord(String),
    /// The topic does not exist.
    #[error("NoTopic: create the topic first ({0})")]
    NoTopic(String),
    /// The credentials are wrong, or lack a permission.
    #[error("NotAllowed: check the credentials and their permissions ({0})")]
    NotAllowed(String),
    /// The record was sent, and no answer came in time. It may be in the log, so sending it again may store it twice.
    #[error("PossiblyWritten: no answer in time ({0})")]
    PossiblyWritten(String),
    /// The record is certainly not in the log.
    #[error("NotWritten: the broker cannot be reached, or takes no records now ({0})")]
    NotWritten(String),
    /// This client can no longer be used. The next call makes another.
    #[error("Ended: the client cannot go on ({0})")]
    Ended(String),
}

impl KafkaFailure {
    pub(crate) fn of(error: &KrafkaError) -> Self {
        let text = error.to_string();
        match error {
            KrafkaError::Broker { code, .. } => Self::of_code(*code, text),
            KrafkaError::UnknownTopic { .. } => Self::NoTopic(text),
            KrafkaError::Auth { .. } => Self::NotAllowed(text),
            KrafkaError::DeliveryTimeout { possibly_written: true, .. }
            | KrafkaError::OutOfOrderSequence { .. } => Self::PossiblyWritten(text),
            KrafkaError::Fenced { .. } | KrafkaError::Closed { .. } => Self::Ended(text),
            _ => Self::NotWritten(text),
        }
    }

    fn of_code(code: ErrorCode, text: String) -> Self {
        match code {
            ErrorCode::MessageTooLarge
            | ErrorCode::RecordListTooLarge
            | ErrorCode::InvalidMessageSize => Self::TooLarge,
            ErrorCode::InvalidRecord | ErrorCode::InvalidTimestamp => Self::InvalidRecord(text),
            ErrorCode::UnknownTopicOrPartition | ErrorCode::InvalidTopic => Self::NoTopic(text),
            ErrorCode::TopicAuthorizationFailed
            | ErrorCode::GroupAuthorizationFailed
            | ErrorCode::ClusterAuthorizationFailed
            | ErrorCode::SaslAuthenticationFailed => Self::NotAllowed(text),
            ErrorCode::RequestTimedOut | ErrorCode::NotEnoughReplicasAfterAppend => {
                Self::PossiblyWritten(text)
            }
            ErrorCode::InvalidProducerEpoch | ErrorCode::ProducerFenced => Self::Ended(text),
            _ => Self::NotWritten(text),
        }
    }

    /// Whether the record itself is the cause.
    #[must_use]
    pub fn is_about_the_record(&self) -> bool {
        match self {
            Self::TooLarge | Self::InvalidRecord(_) => true,
            Self::NoTopic(_)
            | Self::NotAllowed(_)
            | Self::PossiblyWritten(_)
            | Self::NotWritten(_)
            | Self::Ended(_) => false,
        }
    }
}

impl From<KafkaFailure> for Refused {
    fn from(failure: KafkaFailure) -> Self {
        Self { code: failure.to_string(), for_good: failure.is_about_the_record() }
    }
}
