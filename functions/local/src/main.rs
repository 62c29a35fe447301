//! The whole system in one process, on the memory adapters: `make run`.

use std::process::ExitCode;

use axum::{Extension, Router};
use local::{System, port, show};
use order_service::http::{Caller, router};
use tokio::{net::TcpListener, runtime::Builder, signal};

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    show::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let port = port()?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let system = System::start();
        let app: Router =
            router(system.app()).layer(Extension(Caller::anonymous())).merge(system.windows());
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|cause| {
            format!("Port {port} cannot be used ({cause}). Choose another: PORT=3001 make run")
        })?;
        println!("Dekigoto is ready on http://{} (Ctrl-C stops it)", listener.local_addr()?);
        let stop = async { drop(signal::ctrl_c().await) };
        Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
    })
}
