//! Listening on a port until Ctrl-C.

use std::{env, process::ExitCode};

use axum::{Extension, Router};
use dekigoto_http::{Caller, Contract, Owner, Service};
use tokio::{net::TcpListener, runtime::Builder, signal};

use crate::{
    buses::Buses,
    error::Error,
    origins::Origins,
    show,
    stores::{Stores, reset, time_zone},
    system::System,
};

/// The port if `PORT` is not set.
const PORT_DEFAULT: u16 = 3000;

/// Serves a service without authentication until Ctrl-C. `O` is the type of its owners.
#[must_use]
pub fn run<O: Owner>(service: &Service, contract: &'static Contract) -> ExitCode {
    serve(async |_| {
        let system = System::start(service, Stores::from_env().await?, &Buses::from_env()?);
        let anonymous = Extension(Caller::<O>::anonymous());
        Ok(system
            .router(service, contract, time_zone()?)
            .layer(anonymous)
            .merge(system.debug_routes())
            .merge(system.console()))
    })
}

/// Serves the router of `app` until Ctrl-C. `app` gets the base URL and runs inside a tokio runtime.
///
/// With the argument `reset`, deletes the database file instead.
#[must_use]
pub fn serve(app: impl AsyncFnOnce(&str) -> Result<Router, Error>) -> ExitCode {
    show::init();
    let outcome = match env::args().nth(1).as_deref() {
        None => listen(app),
        Some("reset") => reset(),
        Some(other) => Err(format!("The only argument is reset, not {other:?}").into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

fn listen(app: impl AsyncFnOnce(&str) -> Result<Router, Error>) -> Result<(), Error> {
    let port = port()?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|cause| {
            format!("Port {port} cannot be used ({cause}). Choose another: PORT=3001 make run")
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Origins::from_env()?.before(app(&url).await?);
        println!("Dekigoto is ready on {url} (Ctrl-C stops it)");
        let stop = async { drop(signal::ctrl_c().await) };
        Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
    })
}

/// The port to listen on: `PORT`, or 3000. 0 takes any free port.
///
/// # Errors
/// A message, if `PORT` is not a port.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| format!("PORT is a number up to 65535, not {text:?}")),
        Err(_) => Ok(PORT_DEFAULT),
    }
}
