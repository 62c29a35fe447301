//! The real clock, the machine's randomness and tokio's timer.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{Host, Timestamp};

/// The machine's own clocks, randomness and timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemHost;

#[async_trait]
#[expect(
    clippy::disallowed_methods,
    reason = "whatever the kit decides by time, it decides by this clock"
)]
impl Host for SystemHost {
    fn now(&self) -> Timestamp {
        // An impossible clock reads as 1970. Nothing depends on the order of times, so only the shown time is wrong.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(millis).unwrap_or(Timestamp::EPOCH)
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn random(&self) -> Uuid {
        let mut bytes = [0; 16];
        // The kernel's generator fails only before it is seeded, at boot. A key that is not random could then equal
        // another request's key, which is refused as key reuse.
        let _ = getrandom::fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
