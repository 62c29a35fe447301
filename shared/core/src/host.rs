//! The outside world as data: the clock, randomness and waiting.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Timestamp;

/// What the machine offers. Only a host reads a clock or rolls dice, so everything else can be simulated exactly.
#[async_trait]
pub trait Host: Send + Sync {
    /// The time of day. May jump; nothing may depend on its order.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment. Never goes back: deadlines are measured with it.
    fn monotonic(&self) -> Duration;

    /// 128 random bits.
    fn random(&self) -> Uuid;

    /// Waits.
    async fn sleep(&self, time: Duration);

    /// Goes off after that time: for a race against work that may hang. A simulated clock, which a sleeper moves, does
    /// not move for it.
    async fn alarm(&self, time: Duration) {
        self.sleep(time).await;
    }
}

/// How long to wait before another attempt: a random part of a bound that doubles each time (full jitter).
///
/// Full jitter spreads competing writers best; see "Exponential Backoff And Jitter" in the AWS Architecture Blog.
#[must_use]
pub fn backoff(attempt: u32, first: Duration, longest: Duration, random: Uuid) -> Duration {
    let bound = first.saturating_mul(2u32.saturating_pow(attempt)).min(longest);
    let [low, high, ..] = *random.as_bytes();
    bound.saturating_mul(u32::from(u16::from_le_bytes([low, high]))) / u32::from(u16::MAX)
}
