//! The HTTP API on PostgreSQL: commands and queries.

use std::process::ExitCode;

use order_service::{CONTRACT, STAFF_SCOPE, service};
use orders::CustomerId;

fn main() -> ExitCode {
    dekigoto_aws_postgres::api::<CustomerId>(service, &CONTRACT, STAFF_SCOPE)
}
