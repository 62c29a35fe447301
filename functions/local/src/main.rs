//! The order service in one process: `make run`.

use std::process::ExitCode;

use dekigoto_local::Stores;
use local::{app, auth_mode, fulfilment};

fn main() -> ExitCode {
    dekigoto_local::serve(async |url| {
        Ok(app(auth_mode()?, url, Stores::from_env().await?, fulfilment()?))
    })
}
