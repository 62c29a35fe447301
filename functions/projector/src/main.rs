//! The projector of one view. Which one is configuration.

use std::process::ExitCode;

use order_service::service;

fn main() -> ExitCode {
    dekigoto_aws::projector(service)
}
