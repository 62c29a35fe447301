//! Applies the messages of an SQS queue to the view that `VIEW` names.

use std::process::ExitCode;

use order_service::{Fulfilment, service_with};

fn main() -> ExitCode {
    dekigoto_aws::projector(|| service_with(Fulfilment::default()))
}
