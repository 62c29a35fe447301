//! The HTTP API: commands and queries.

use std::process::ExitCode;

use order_service::{CONTRACT, Fulfilment, STAFF_SCOPE, service_with};
use orders::CustomerId;

fn main() -> ExitCode {
    dekigoto_aws::api::<CustomerId>(|| service_with(Fulfilment::default()), &CONTRACT, STAFF_SCOPE)
}
