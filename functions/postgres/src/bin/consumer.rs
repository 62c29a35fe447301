//! Handles the records of a Kafka topic for the view or the policy that `CONSUMER` names, on PostgreSQL.

use std::process::ExitCode;

use dekigoto_aws_postgres::Config;
use order_service::{Fulfilment, service_with};

const SETTINGS: &[&str] = &["PAYMENT_SECONDS", "CONFIRMATION"];

fn main() -> ExitCode {
    dekigoto_aws_postgres::consumer(SETTINGS, |config: &Config| {
        let fulfilment = Fulfilment::default();
        let fulfilment = fulfilment.payment_seconds(config.text("PAYMENT_SECONDS"))?;
        Ok(service_with(fulfilment.confirmation(config.text("CONFIRMATION"))?))
    })
}
