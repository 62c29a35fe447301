//! The relay: publishes commits from the stream of the event table and from its retry queue to SNS and EventBridge. An
//! operator can ask it to publish a time window again.

use std::process::ExitCode;

use order_service::{Fulfilment, service_with};

fn main() -> ExitCode {
    dekigoto_aws::publisher(|| service_with(Fulfilment::default()))
}
