//! Publishes what an outbox holds, batch by batch.

use std::time::Duration;

use super::Relay;
use crate::{
    Source, backoff,
    batch::{Delivered, Outcome, Report},
    outbox::{EntryId, Leased, Order, Outbox},
};

/// Entries that one round of the relay leases.
pub const OUTBOX_BATCH: u32 = 100;

/// Attempts to publish an entry. Then it is parked with the reason of its last failure.
pub const OUTBOX_ATTEMPTS_MAX: u32 = 100;

const WAIT_FIRST: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(360);

/// An entry stays leased a little longer than the round, so that nobody else publishes it during the round.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

impl Relay {
    /// Publishes the entries of `outbox` that are due, at most [`OUTBOX_BATCH`]. The report's tally is 0 if none was.
    ///
    /// What fails waits in the outbox, longer after each attempt. What fails for good, or [`OUTBOX_ATTEMPTS_MAX`] times, is
    /// parked with its reason. If this process dies, its entries are due again when their lease ends: consumers may then
    /// receive duplicates.
    ///
    /// # Errors
    /// When the outbox does not answer. Nothing is lost: call again.
    pub async fn take_outbox(
        &self,
        outbox: &dyn Outbox,
        order: Order,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Result<Report, Source> {
        let lease = time_left().saturating_add(LEASE_MARGIN);
        let leased = outbox.lease(OUTBOX_BATCH, lease, order).await?;
        let messages = leased
            .iter()
            .map(|entry| Delivered { id: name(entry.id), record: entry.pointer.clone() });
        let mut report = self.take_retries(messages.collect(), time_left).await;
        let (mut done, mut later) = (Vec::with_capacity(leased.len()), Vec::new());
        for entry in &leased {
            let failed = report.failed.iter().position(|id| *id == name(entry.id));
            let Some(place) = failed else {
                done.push(entry.id);
                continue;
            };
            if entry.attempts >= OUTBOX_ATTEMPTS_MAX
                && self.gives_up(entry, &mut report, place).await
            {
                done.push(entry.id);
            } else {
                later.push(entry);
            }
        }
        // First, because what is published or parked and stays is published or parked again. What is not put back is
        // only due a little earlier or later, when its lease ends.
        if !done.is_empty() {
            outbox.done(&done).await?;
        }
        for entry in later {
            let wait = backoff(entry.attempts, WAIT_FIRST, WAIT_MAX, self.host.random());
            outbox.put_back(entry.id, wait).await?;
        }
        Ok(report)
    }

    /// Parks an entry that failed too often. Returns whether it is parked.
    async fn gives_up(&self, entry: &Leased, report: &mut Report, place: usize) -> bool {
        let id = name(entry.id);
        let known = report.reasons.iter().find(|(it, _)| *it == id);
        let last = known.map_or("no reason is known", |(_, reason)| reason);
        let reason = format!("published without success {OUTBOX_ATTEMPTS_MAX} times, last: {last}");
        if self.parking.park(&entry.pointer, &reason).await.is_err() {
            return false;
        }
        report.failed.remove(place);
        report.reasons.retain(|(it, _)| *it != id);
        report.tally.retried = report.tally.retried.saturating_sub(1);
        report.tally.count(&Outcome::Parked(String::new()));
        report.reasons.push((id, reason));
        true
    }
}

fn name(EntryId(id): EntryId) -> String {
    id.to_string()
}
