//! The time of one invocation: first for sending, then for settling what could not be sent. If Lambda ends an
//! invocation, its report is lost, and Lambda delivers all its records again.

use std::time::Duration;

use super::TimeLeft;
use crate::{Host, batch::TIME_TO_STOP};

/// Time reserved for settling: 5 s for a call to the retry queue that has just begun, and the rest for calls with ten
/// pointers each. A short invocation reserves a quarter of its time.
pub const SETTLING_TIME_MAX: Duration = Duration::from_secs(8);

/// Time reserved for returning the report to Lambda.
pub const REPORT_TIME: Duration = Duration::from_millis(200);

const _: () = assert!(REPORT_TIME.as_millis() < TIME_TO_STOP.as_millis());

/// The time of one invocation.
pub(super) struct Budget<'a> {
    pub(super) host: &'a dyn Host,
    time_left: &'a TimeLeft<'a>,
    reserved: Duration,
}

impl<'a> Budget<'a> {
    pub(super) fn new(host: &'a dyn Host, time_left: &'a TimeLeft<'a>) -> Self {
        let reserved = (time_left() / 4).min(SETTLING_TIME_MAX);
        Self { host, time_left, reserved }
    }

    /// The time left for reading and sending.
    pub(super) fn to_send(&self) -> Duration {
        (self.time_left)().saturating_sub(self.reserved)
    }

    /// The time left for pointers and dead letters. `None` when it is too short to start a call.
    pub(super) fn to_settle(&self) -> Option<Duration> {
        let left = (self.time_left)();
        (left >= TIME_TO_STOP).then(|| left.saturating_sub(REPORT_TIME))
    }
}
