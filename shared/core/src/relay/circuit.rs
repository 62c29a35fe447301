//! Leaving alone what does not answer: a call that hangs costs an invocation one time-out, and not one for each batch.

use std::{
    future::Future,
    pin::pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::{Either, select};

use crate::{Host, Source};

/// Time that one call may take. A little more than the AWS clients allow themselves, so that their own error, which says
/// more, comes first.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(6);

/// A call that fails after this time did not answer, rather than refuse: the next one would cost as much again.
pub const HANG_TIME_MIN: Duration = Duration::from_secs(2);

/// Calls that may fail as a whole, one after the other and quickly, before no more are made.
pub const FAILED_CALLS_MAX: u32 = 3;

const _: () = assert!(HANG_TIME_MIN.as_millis() < CALL_TIME_MAX.as_millis());

/// What one invocation has learned of a service that it calls. Once the service hangs, or [`FAILED_CALLS_MAX`] calls to it
/// failed with no success between them, it is left alone for the rest of the invocation.
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
    /// Why no call is made any more; none while calls are made.
    #[must_use]
    pub fn opened_by(&self) -> Option<String> {
        self.lock().opened_by.clone()
    }

    /// Makes a call, unless the service is left alone. It ends after `time_max` or [`CALL_TIME_MAX`].
    ///
    /// # Errors
    /// Why nothing came of it. Whether it took effect is unknown then.
    pub async fn call<T>(
        &self,
        host: &dyn Host,
        time_max: Duration,
        call: impl Future<Output = Result<T, Source>>,
    ) -> Result<T, String> {
        if let Some(cause) = self.opened_by() {
            return Err(format!("left alone for this invocation after: {cause}"));
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

    /// A call succeeded, at least in part.
    pub fn worked(&self) {
        self.lock().failed_in_a_row = 0;
    }

    /// A call failed as a whole, after that time.
    pub fn failed(&self, cause: &str, took: Duration) {
        let mut state = self.lock();
        state.failed_in_a_row = state.failed_in_a_row.saturating_add(1);
        if took >= HANG_TIME_MIN || state.failed_in_a_row >= FAILED_CALLS_MAX {
            // The first cause is the one that says most.
            state.opened_by.get_or_insert_with(|| cause.to_owned());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No code that holds the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
