//! The time of one invocation: first to send, then to settle what could not be sent. An invocation that Lambda ends loses
//! its report, and everything in it is done again.

use std::time::Duration;

use super::TimeLeft;
use crate::{Host, batch::TIME_TO_STOP};

/// Time that is kept for settling: a call to the retry queue that has just begun may take 5 s, and ten pointers a call
/// take the rest. Of a short invocation it is a quarter.
pub const SETTLING_TIME_MAX: Duration = Duration::from_secs(8);

/// Time that is kept for handing the report to Lambda.
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

    /// The time that is left for reading and sending.
    pub(super) fn to_send(&self) -> Duration {
        (self.time_left)().saturating_sub(self.reserved)
    }

    /// The time that is left for pointers and dead letters; none when it is too short to begin.
    pub(super) fn to_settle(&self) -> Option<Duration> {
        let left = (self.time_left)();
        (left >= TIME_TO_STOP).then(|| left.saturating_sub(REPORT_TIME))
    }
}
