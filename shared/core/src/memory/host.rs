//! A clock that a test sets, randomness that counts, and waiting that takes no time.

use std::{
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use uuid::Uuid;

use super::lock;
use crate::{Host, Timestamp};

/// A [`Host`] for tests and examples: the same run gives the same result, to the last bit.
///
/// The clock stands still until somebody sleeps, [advances](Self::advance) or [sets](Self::set) it. A sleep returns at
/// once, after other tasks had their turn, with the clock moved on by as long as it would have taken. Clones are one host.
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
    throws: u64,
}

impl ManualHost {
    /// A host at 1970-01-01T00:00:00.000Z.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(Timestamp::EPOCH)
    }

    /// A host at that time of day.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        let clocks = Clocks { now, monotonic: Duration::ZERO, slept: Duration::ZERO, throws: 0 };
        Self { clocks: Arc::new(Mutex::new(clocks)) }
    }

    /// Sets the time of day, forwards or backwards, as an operator may. Monotonic time does not notice.
    pub fn set(&self, now: Timestamp) {
        lock(&self.clocks).now = now;
    }

    /// Lets time pass, on both clocks. Parts of a millisecond do not show in the time of day.
    pub fn advance(&self, time: Duration) {
        lock(&self.clocks).pass(time);
    }

    /// How long everybody has slept, together.
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
        // The end of time is as far as a clock goes.
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
        // Digested, because a caller that takes a few bits of it wants those bits to vary.
        let random = Uuid::new_v5(&Uuid::NAMESPACE_OID, &clocks.throws.to_le_bytes());
        clocks.throws = clocks.throws.wrapping_add(1);
        random
    }

    async fn sleep(&self, time: Duration) {
        {
            let mut clocks = lock(&self.clocks);
            clocks.slept = clocks.slept.saturating_add(time);
            clocks.pass(time);
        }
        others_turn().await;
    }

    async fn alarm(&self, time: Duration) {
        let end = self.monotonic().saturating_add(time);
        // Looks at the clock whenever the work that it races does something.
        let look = || if self.monotonic() < end { Poll::Pending } else { Poll::Ready(()) };
        std::future::poll_fn(|_| look()).await;
    }
}

/// Lets every other task that is ready run once, as it would while a real host sleeps.
async fn others_turn() {
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
    fn two_hosts_throw_the_same_dice() {
        let (one, other) = (ManualHost::new(), ManualHost::new());
        let throws = |host: &ManualHost| [host.random(), host.random(), host.random()];
        assert_eq!(throws(&one), throws(&other));
    }

    #[tokio::test]
    async fn a_sleep_takes_no_time_and_moves_both_clocks() {
        let host = ManualHost::new();
        host.sleep(Duration::from_secs(3600)).await;
        host.advance(Duration::from_millis(1));
        assert_eq!(host.now().to_string(), "1970-01-01T01:00:00.001Z");
        assert_eq!(host.monotonic(), Duration::from_millis(3_600_001));
        assert_eq!(host.slept(), Duration::from_secs(3600));
    }

    #[test]
    fn a_clock_that_is_set_back_leaves_monotonic_time_alone() {
        let host = ManualHost::starting_at("2026-11-23T09:00:00Z".parse().unwrap());
        host.advance(Duration::from_secs(1));
        host.set(Timestamp::EPOCH);
        assert_eq!((host.now(), host.monotonic()), (Timestamp::EPOCH, Duration::from_secs(1)));
    }

    #[test]
    fn the_end_of_time_stops_the_clock() {
        let host = ManualHost::new();
        host.advance(Duration::MAX);
        assert_eq!(host.now(), Timestamp::EPOCH);
        assert_eq!(host.monotonic(), Duration::MAX);
    }
}
