//! The order service in one process: `make run`.

use std::process::ExitCode;

use dekigoto_local::{Buses, Stores};
use local::{app, auth_mode, fulfilment};

fn main() -> ExitCode {
    dekigoto_local::serve(async |url| {
        let (stores, buses) = (Stores::from_env().await?, Buses::from_env()?);
        Ok(app(auth_mode()?, url, stores, &buses, fulfilment()?))
    })
}
