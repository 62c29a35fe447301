//! The time limit of an invocation.

use std::{sync::Arc, time::Duration};

use dekigoto::Host;
use lambda_runtime::Context;

/// The end of an invocation, measured with a monotonic clock: freezing the environment or setting the clock does not
/// extend it.
#[derive(Clone)]
pub struct Deadline {
    host: Arc<dyn Host>,
    end: Duration,
}

impl Deadline {
    /// The deadline of the invocation that has just started.
    #[must_use]
    pub fn of(context: &Context, host: Arc<dyn Host>) -> Self {
        let now = u64::try_from(host.now().as_millis()).unwrap_or(0);
        let left = Duration::from_millis(context.deadline.saturating_sub(now));
        let end = host.monotonic().saturating_add(left);
        Self { host, end }
    }

    /// The remaining time.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.end.saturating_sub(self.host.monotonic())
    }
}
