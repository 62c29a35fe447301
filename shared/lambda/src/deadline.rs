//! How long an invocation may still take.

use std::{sync::Arc, time::Duration};

use dekigoto::Host;
use lambda_runtime::Context;

/// An invocation's end, measured with a clock that never goes back: a frozen and thawed environment, or a clock that
/// was set, does not make it longer.
#[derive(Clone)]
pub struct Deadline {
    host: Arc<dyn Host>,
    end: Duration,
}

impl Deadline {
    /// The deadline of the invocation that has just begun.
    #[must_use]
    pub fn of(context: &Context, host: Arc<dyn Host>) -> Self {
        let now = u64::try_from(host.now().as_millis()).unwrap_or(0);
        let left = Duration::from_millis(context.deadline.saturating_sub(now));
        let end = host.monotonic().saturating_add(left);
        Self { host, end }
    }

    /// The time that is left.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.end.saturating_sub(self.host.monotonic())
    }
}
