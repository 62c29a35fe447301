//! The order service in one process: `make run`.

use std::process::ExitCode;

use local::{app, auth_mode};

fn main() -> ExitCode {
    dekigoto_local::serve(|url| Ok(app(auth_mode()?, url)))
}
