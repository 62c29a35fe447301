//! Serves the console of a deployed stack on a loopback port.

use tokio::net::TcpListener;

use super::Console;
use crate::{
    desk::Desk,
    failure::{Failure, Kind},
    out::Report,
};

/// Serves until the process is stopped.
pub(crate) async fn serve(desk: Desk, port: u16) -> Result<Report, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|cause| {
        let what = format!("port {port} cannot be used ({cause})");
        Failure::new(Kind::Refused, what, "choose another with `--port`")
    })?;
    let address = listener.local_addr().map_err(|cause| stopped(&cause))?;
    let screen = desk.screen.clone();
    screen.line(&format!(
        "The console of {} is on http://{address}/console (Ctrl-C stops it)",
        desk.stack.name
    ));
    let served = axum::serve(listener, Console::at(desk).router()).await;
    served.map_err(|cause| stopped(&cause))?;
    Ok(Report::default())
}

fn stopped(cause: &std::io::Error) -> Failure {
    Failure::new(Kind::Refused, format!("the console stopped ({cause})"), "start it again")
}
