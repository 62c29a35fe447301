//! The whole system in one process, on the memory adapters: `make run`.

use std::process::ExitCode;

use local::{System, app, auth_mode, port, show};
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
    let (port, mode) = (port()?, auth_mode()?);
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let system = System::start();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|cause| {
            format!("Port {port} cannot be used ({cause}). Choose another: PORT=3001 make run")
        })?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = app(&system, mode, &url);
        println!("Dekigoto is ready on {url} (Ctrl-C stops it)");
        let stop = async { drop(signal::ctrl_c().await) };
        Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
    })
}
