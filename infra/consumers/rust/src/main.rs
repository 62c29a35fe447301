//! The function behind the queue. The kit reads the messages, counts each event once, and parks what it cannot read.

use std::process::ExitCode;

fn main() -> ExitCode {
    dekigoto_aws::subscriber::<shipments::Shipments>()
}
