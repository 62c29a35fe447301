//! Starting a function.

use std::{fmt, future::Future, process::ExitCode, time::Duration};

use lambda_runtime::Error;
use tracing::error;

/// Starts logging and a runtime, and runs the function until Lambda ends it.
///
/// One thread is enough: a function handles one event at a time, and a thread pool would only make the start longer.
/// What `run` fails with is logged as text, because `main`'s own `Debug` output of an error is hard to read.
pub fn start<F>(function: &str, run: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = Result<(), Error>>,
{
    crate::telemetry::init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return gave_up(function, &cause),
    };
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => gave_up(function, &cause),
    }
}

/// Time that a warm-up may take. The function starts without it then.
const WARM_UP_TIME_MAX: Duration = Duration::from_secs(1);

/// Makes one cheap call while Lambda still starts the function, so that the first request finds an open connection.
///
/// Lambda gives a starting function a full CPU, whatever its memory, and a TLS handshake takes most of it: moved here, it
/// does not cost the first caller. What comes of the call is of no interest. Outside Lambda nothing is called.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, at start, to know whether this is Lambda"
)]
pub async fn warm_up(call: impl Future) {
    if std::env::var("AWS_LAMBDA_INITIALIZATION_TYPE").is_ok() {
        let _ = tokio::time::timeout(WARM_UP_TIME_MAX, call).await;
    }
}

fn gave_up(function: &str, cause: &dyn fmt::Display) -> ExitCode {
    error!("{function} ended: {cause}");
    ExitCode::FAILURE
}
