//! Runs the processes of the policy that `POLICY` names: handles the messages of its queue, and feeds its deadlines.

use std::process::ExitCode;

use dekigoto_aws::Config;
use order_service::{Fulfilment, service_with};

const SETTINGS: &[&str] = &["PAYMENT_SECONDS", "CONFIRMATION"];

fn main() -> ExitCode {
    dekigoto_aws::policy(SETTINGS, |config: &Config| {
        let fulfilment = Fulfilment::default();
        let fulfilment = fulfilment.payment_seconds(config.text("PAYMENT_SECONDS"))?;
        Ok(service_with(fulfilment.confirmation(config.text("CONFIRMATION"))?))
    })
}
