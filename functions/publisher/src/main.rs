//! The relay: publishes from the event table's stream and from its own retry queue to SNS and EventBridge.

use std::process::ExitCode;

use order_service::service;

fn main() -> ExitCode {
    dekigoto_aws::publisher(service)
}
