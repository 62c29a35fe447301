//! The relay: publishes from the event table's stream and from its own retry queue to SNS and EventBridge. It publishes a time
//! window again when an operator asks for it.

use std::process::ExitCode;

use order_service::service;

fn main() -> ExitCode {
    dekigoto_aws::publisher(service)
}
