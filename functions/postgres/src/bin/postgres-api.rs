//! The HTTP API on PostgreSQL: commands and queries.

use std::process::ExitCode;

use order_service::{CONTRACT, Fulfilment, STAFF_SCOPE, service_with};
use orders::CustomerId;

fn main() -> ExitCode {
    dekigoto_aws_postgres::api::<CustomerId>(
        || service_with(Fulfilment::default()),
        &CONTRACT,
        STAFF_SCOPE,
    )
}
