//! Partitions that wait because a record could not be handled yet.

use std::{collections::HashMap, time::Duration};

use dekigoto::{
    Host, backoff,
    log::{Partition, Place},
};

/// Attempts at one record. Then it is parked with the reason of its last failure. With the waits between them they last
/// about five hours, as long as the deliveries of a queue.
pub const ATTEMPTS_MAX: u32 = 600;

/// The longest wait before the next attempt.
pub const WAIT_MAX: Duration = Duration::from_secs(30);

const WAIT_FIRST: Duration = Duration::from_millis(200);

const _: () = assert!(WAIT_MAX.saturating_mul(ATTEMPTS_MAX).as_secs() >= 5 * 3600);

/// A partition that waits.
#[derive(Clone, Copy, Debug)]
struct Waits {
    /// The record that failed.
    offset: i64,
    /// How often it has failed.
    attempts: u32,
    /// When it is tried again, on the monotonic clock.
    until: Duration,
    is_paused: bool,
}

/// The partitions that wait.
#[derive(Debug, Default)]
pub(crate) struct Stuck(HashMap<Partition, Waits>);

impl Stuck {
    /// The record at this place failed. Returns how often it has.
    pub(crate) fn failed(&mut self, place: &Place, host: &dyn Host) -> u32 {
        let before = self.0.get(&place.partition).filter(|it| it.offset == place.offset);
        let attempts = before.map_or(0, |it| it.attempts).saturating_add(1);
        let wait = backoff(attempts, WAIT_FIRST, WAIT_MAX, host.random());
        let until = host.monotonic().saturating_add(wait);
        let waits = Waits { offset: place.offset, attempts, until, is_paused: true };
        self.0.insert(place.partition.clone(), waits);
        attempts
    }

    /// The partition goes on, unless one of these failures is in it.
    pub(crate) fn passed_unless_at(&mut self, partition: &Partition, failures: &[Place]) {
        if !failures.iter().any(|place| place.partition == *partition) {
            self.0.remove(partition);
        }
    }

    /// The partitions whose wait has ended since the last call.
    pub(crate) fn due(&mut self, host: &dyn Host) -> Vec<Partition> {
        let now = host.monotonic();
        let mut due = Vec::new();
        for (partition, waits) in &mut self.0 {
            if waits.is_paused && waits.until <= now {
                waits.is_paused = false;
                due.push(partition.clone());
            }
        }
        due
    }

    /// The time until the next wait ends, or this time.
    pub(crate) fn shortest(&self, at_most: Duration, host: &dyn Host) -> Duration {
        let now = host.monotonic();
        let waits = self.0.values().filter(|it| it.is_paused);
        waits.map(|it| it.until.saturating_sub(now)).fold(at_most, Duration::min)
    }
}
