//! Starting a function.

use std::{fmt, future::Future, process::ExitCode};

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
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(cause) => return gave_up(function, &cause),
    };
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => gave_up(function, &cause),
    }
}

fn gave_up(function: &str, cause: &dyn fmt::Display) -> ExitCode {
    error!("{function} cannot start: {cause}");
    ExitCode::FAILURE
}
