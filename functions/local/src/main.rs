//! The whole system in one process, on the memory adapters: `make run`.

use std::process::ExitCode;

use local::{AuthMode, System, auth_mode, guarded, port, show};
use order_service::http::router;
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
        let mut app = guarded(router(system.app()), mode, &url);
        if mode == AuthMode::None {
            // They show everybody's orders to anybody.
            app = app.merge(system.windows());
        }
        println!("Dekigoto is ready on {url} (Ctrl-C stops it)");
        let stop = async { drop(signal::ctrl_c().await) };
        Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
    })
}
