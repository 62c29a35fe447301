//! SNS, EventBridge and SQS behind the ports of the kit.
//!
//! Promises that each message's own answer is looked at, and that what has no answer counts as not sent. Knows
//! nothing of orders: a message is a body with a kind and attributes.
//!
//! Each adapter makes its client with the first message, so an adapter that is not used costs nothing at start.

mod cause;
mod eventbridge;
mod lazy;
mod sns;
mod sqs;
mod sqs_text;

pub use aws_types::SdkConfig;
pub use eventbridge::EventBridgeBus;
pub use sns::SnsTopic;
pub use sqs::{SqsParking, SqsRetryQueue};
pub use sqs_text::{QUEUE_MESSAGE_BYTES_MAX, REASON_BYTES_MAX};
