#![doc = include_str!("../README.md")]

mod cause;
mod eventbridge;
mod lazy;
mod sns;
mod sqs;
mod sqs_text;

pub use aws_types::SdkConfig;
pub use eventbridge::EventBridgeBus;
pub use sns::SnsTopic;
pub use sqs::{SqsDeadlineQueue, SqsParking, SqsRebuildQueue, SqsRetryQueue};
pub use sqs_text::{QUEUE_MESSAGE_BYTES_MAX, REASON_BYTES_MAX};
