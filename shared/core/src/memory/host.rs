//! A host for tests: a clock that the test sets, seeded randomness, and sleeps that take no time.

use std::{
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use uuid::Uuid;

use super::lock;
use crate::{Host, Timestamp};

/// A deterministic [`Host`] for tests and examples.
///
/// The clock stands still until somebody sleeps, [advances](Self::advance) or [sets](Self::set) it. A sleep lets other
/// tasks run, advances the clock, and returns at once. Clones share one clock.
///
/// ```
/// use std::time::Duration;
/// use dekigoto::{Host, memory::ManualHost};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let host = ManualHost::starting_at("2026-11-23T09:00:00.000Z".parse().unwrap());
/// host.sleep(Duration::from_secs(90)).await;
/// assert_eq!(host.now().to_string(), "2026-11-23T09:01:30.000Z");
/// assert_eq!(host.slept(), Duration::from_secs(90));
/// assert_ne!(host.random(), host.random());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ManualHost {
    clocks: Arc<Mutex<Clocks>>,
}

#[derive(Debug)]
struct Clocks {
    now: Timestamp,
    monotonic: Duration,
    slept: Duration,
    draws: u64,
}

impl ManualHost {
    /// A host at 1970-01-01T00:00:00.000Z.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(Timestamp::EPOCH)
    }

    /// A host whose clock shows `now`.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        let clocks = Clocks { now, monotonic: Duration::ZERO, slept: Duration::ZERO, draws: 0 };
        Self { clocks: Arc::new(Mutex::new(clocks)) }
    }

    /// Sets the wall clock, forwards or backwards. Monotonic time does not change.
    pub fn set(&self, now: Timestamp) {
        lock(&self.clocks).now = now;
    }

    /// Advances both clocks. The wall clock drops fractions of a millisecond.
    pub fn advance(&self, time: Duration) {
        lock(&self.clocks).pass(time);
    }

    /// The total time of all sleeps.
    #[must_use]
    pub fn slept(&self) -> Duration {
        lock(&self.clocks).slept
    }
}

impl Default for ManualHost {
    fn default() -> Self {
        Self::new()
    }
}

impl Clocks {
    fn pass(&mut self, time: Duration) {
        self.monotonic = self.monotonic.saturating_add(time);
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let then = self.now.as_millis().saturating_add(millis);
        // Stays at the last moment that a timestamp can hold.
        self.now = Timestamp::from_millis(then).unwrap_or(self.now);
    }
}

#[async_trait]
impl Host for ManualHost {
    fn now(&self) -> Timestamp {
        lock(&self.clocks).now
    }

    fn monotonic(&self) -> Duration {
        lock(&self.clocks).monotonic
    }

    fn random(&self) -> Uuid {
        let mut clocks = lock(&self.clocks);
        // A digest, so that every bit varies: callers may use only a few of them.
        let random = Uuid::new_v5(&Uuid::NAMESPACE_OID, &clocks.draws.to_le_bytes());
        clocks.draws = clocks.draws.wrapping_add(1);
        random
    }

    async fn sleep(&self, time: Duration) {
        {
            let mut clocks = lock(&self.clocks);
            clocks.slept = clocks.slept.saturating_add(time);
            clocks.pass(time);
        }
        yield_now().await;
    }

    async fn alarm(&self, time: Duration) {
        let end = self.monotonic().saturating_add(time);
        // Checks the clock each time that the racing work is polled.
        let check = || if self.monotonic() < end { Poll::Pending } else { Poll::Ready(()) };
        std::future::poll_fn(|_| check()).await;
    }
}

/// Lets every other ready task run once, as it would while a real host sleeps.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hosts_return_the_same_random_numbers() {
        let (one, other) = (ManualHost::new(), ManualHost::new());
        let numbers = |host: &ManualHost| [host.random(), host.random(), host.random()];
        assert_eq!(numbers(&one), numbers(&other));
    }

    #[tokio::test]
    async fn a_sleep_takes_no_time_and_advances_both_clocks() {
        let host = ManualHost::new();
        host.sleep(Duration::from_secs(3600)).await;
        host.advance(Duration::from_millis(1));
        assert_eq!(host.now().to_string(), "1970-01-01T01:00:00.001Z");
        assert_eq!(host.monotonic(), Duration::from_millis(3_600_001));
        assert_eq!(host.slept(), Duration::from_secs(3600));
    }

    #[test]
    fn setting_the_clock_back_does_not_change_monotonic_time() {
        let host = ManualHost::starting_at("2026-11-23T09:00:00Z".parse().unwrap());
        host.advance(Duration::from_secs(1));
        host.set(Timestamp::EPOCH);
        assert_eq!((host.now(), host.monotonic()), (Timestamp::EPOCH, Duration::from_secs(1)));
    }

    #[test]
    fn advancing_past_the_last_timestamp_stops_the_wall_clock() {
        let host = ManualHost::new();
        host.advance(Duration::MAX);
        assert_eq!(host.now(), Timestamp::EPOCH);
        assert_eq!(host.monotonic(), Duration::MAX);
    }
}
