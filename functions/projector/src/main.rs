//! Projects messages of an SQS queue into one view. `VIEW` names the view.

use std::process::ExitCode;

use order_service::service;

fn main() -> ExitCode {
    dekigoto_aws::projector(service)
}
