//! The operator's command of the order service.

use std::process::ExitCode;

use order_service::service;

fn main() -> ExitCode {
    dekigoto_ops::run(&service())
}
