//! Starting a function.

use std::{fmt, future::Future, process::ExitCode, time::Duration};

use lambda_runtime::Error;
use tracing::error;

/// Starts logging and a runtime, and runs the function until Lambda stops it.
///
/// One thread is enough: a function handles one event at a time, and a thread pool would slow down the start. An error
/// of `run` is logged as text, because the `Debug` output of `main` is hard to read.
pub fn start<F>(function: &str, run: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = Result<(), Error>>,
{
    crate::telemetry::init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return failed(function, &cause),
    };
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => failed(function, &cause),
    }
}

/// The time limit of a warm-up. After it, the function starts anyway.
const WARM_UP_TIME_MAX: Duration = Duration::from_secs(1);

/// Makes one cheap call while the function starts, so that the first request finds an open connection.
///
/// Lambda gives a starting function a full CPU for any memory size, so the TLS handshake is fast here. The result is
/// ignored. Outside Lambda no call is made.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, at start, to know whether this is Lambda"
)]
pub async fn warm_up(call: impl Future) {
    if std::env::var("AWS_LAMBDA_INITIALIZATION_TYPE").is_ok() {
        let _ = tokio::time::timeout(WARM_UP_TIME_MAX, call).await;
    }
}

fn failed(function: &str, cause: &dyn fmt::Display) -> ExitCode {
    error!("{function} ended: {cause}");
    ExitCode::FAILURE
}
