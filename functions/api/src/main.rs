//! The HTTP API: commands and queries.

use std::process::ExitCode;

use order_service::{CONTRACT, STAFF_SCOPE, service};
use orders::CustomerId;

fn main() -> ExitCode {
    dekigoto_aws::api::<CustomerId>(service, &CONTRACT, STAFF_SCOPE)
}
