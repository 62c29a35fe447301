//! A circuit breaker: a service that does not answer costs an invocation one time-out, not one for each batch.

use std::{
    future::Future,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{Either, select};

use crate::{Host, Source};

/// Time that one call may take. A little longer than the time-outs of the AWS clients, so that their more detailed
/// error comes first.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(6);

/// A call that fails after this time counts as timed out, not as refused: the next call would take as long.
pub const HANG_TIME_MIN: Duration = Duration::from_secs(2);

/// Calls that fail in a row, each as a whole and quickly, before the circuit opens.
pub const FAILED_CALLS_MAX: u32 = 3;

const _: () = assert!(HANG_TIME_MIN.as_millis() < CALL_TIME_MAX.as_millis());

/// A circuit breaker for one service in one invocation. It opens when a call times out, or when [`FAILED_CALLS_MAX`]
/// calls fail in a row. The invocation then makes no more calls to the service.
#[derive(Debug, Default)]
pub struct Circuit {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failed_in_a_row: u32,
    opened_by: Option<String>,
}

impl Circuit {
    /// The error that opened the circuit. `None` while it is closed.
    #[must_use]
    pub fn opened_by(&self) -> Option<String> {
        self.lock().opened_by.clone()
    }

    /// Makes a call, unless the circuit is open. The call ends after the shorter of `time_max` and [`CALL_TIME_MAX`].
    ///
    /// # Errors
    /// Why the call failed. It may have taken effect.
    pub async fn call<T>(
        &self,
        host: &dyn Host,
        time_max: Duration,
        call: impl Future<Output = Result<T, Source>>,
    ) -> Result<T, String> {
        if let Some(cause) = self.opened_by() {
            return Err(format!("not called again in this invocation, after: {cause}"));
        }
        let started = host.monotonic();
        let time_max = time_max.min(CALL_TIME_MAX);
        let answer = match select(pin!(call), pin!(host.alarm(time_max))).await {
            Either::Left((answer, _)) => answer.map_err(|cause| cause.to_string()),
            Either::Right(_) => Err(format!("no answer in {} ms", time_max.as_millis())),
        };
        if let Err(cause) = &answer {
            self.failed(cause, host.monotonic().saturating_sub(started));
        }
        answer
    }

    /// Records that a call succeeded, at least in part.
    pub fn worked(&self) {
        self.lock().failed_in_a_row = 0;
    }

    /// Records that a call failed as a whole, and how long it took.
    pub fn failed(&self, cause: &str, took: Duration) {
        let mut state = self.lock();
        state.failed_in_a_row = state.failed_in_a_row.saturating_add(1);
        if took >= HANG_TIME_MIN || state.failed_in_a_row >= FAILED_CALLS_MAX {
            // The first cause is the most specific one.
            state.opened_by.get_or_insert_with(|| cause.to_owned());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
