//! The order service in one process: `make run`.

use std::process::ExitCode;

use dekigoto_local::{Buses, Stores, time_zone};
use local::{Settings, app, auth_mode, fulfilment};

fn main() -> ExitCode {
    dekigoto_local::serve(async |url| {
        let (stores, buses) = (Stores::from_env().await?, Buses::from_env()?);
        let settings = Settings { fulfilment: fulfilment()?, zone: time_zone()? };
        Ok(app(auth_mode()?, url, stores, &buses, settings))
    })
}
