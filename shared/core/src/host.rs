//! The port for the clock, randomness and waiting.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Timestamp;

/// The machine's clock, randomness and timer. Only a host has these, so everything else can be simulated exactly.
#[async_trait]
pub trait Host: Send + Sync {
    /// The wall clock. It may jump, so nothing may depend on its order.
    fn now(&self) -> Timestamp;

    /// Time since a fixed moment. It never goes back, so use it to measure deadlines.
    fn monotonic(&self) -> Duration;

    /// 128 random bits.
    fn random(&self) -> Uuid;

    /// Waits this long.
    async fn sleep(&self, time: Duration);

    /// Returns after this time. Race it against work that may hang. Unlike `sleep`, it does not advance a simulated
    /// clock.
    async fn alarm(&self, time: Duration) {
        self.sleep(time).await;
    }
}

/// The wait before the next attempt: random, below a bound that doubles from `first` up to `longest` (full jitter).
///
/// Full jitter spreads competing writers best; see "Exponential Backoff And Jitter" in the AWS Architecture Blog.
#[must_use]
pub fn backoff(attempt: u32, first: Duration, longest: Duration, random: Uuid) -> Duration {
    let bound = first.saturating_mul(2u32.saturating_pow(attempt)).min(longest);
    let [low, high, ..] = *random.as_bytes();
    bound.saturating_mul(u32::from(u16::from_le_bytes([low, high]))) / u32::from(u16::MAX)
}
