//! The relay of PostgreSQL's outbox: publishes commits to two topics of Kafka.

use std::process::ExitCode;

use order_service::{Fulfilment, service_with};

fn main() -> ExitCode {
    dekigoto_aws_postgres::relay(|| service_with(Fulfilment::default()))
}
