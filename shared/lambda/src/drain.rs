//! The relay of an outbox. An invocation is a tick of a schedule: it publishes until the next tick.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    measure::{self, OUTBOX_WAITING, Part},
    outbox::{Order, Outbox},
    relay::Relay,
};
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::warn;

use crate::Deadline;

/// How long an invocation works. The schedule starts one each minute.
pub const DRAIN_TIME: Duration = Duration::from_secs(55);

/// Time that a last round needs, to settle what it could not send.
const ROUND_TIME_MIN: Duration = Duration::from_secs(8);

/// Time between two looks at an outbox where nothing is due.
const IDLE_TIME: Duration = Duration::from_millis(500);

/// Time after an outbox that does not answer.
const OUTAGE_WAIT: Duration = Duration::from_secs(2);

/// The schedule's payload: `{"drain": true}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    #[serde(rename = "drain")]
    is_drain: bool,
}

/// What one invocation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Drained {
    /// Entries that were published, or had been.
    pub published: usize,
    /// Entries that are published later.
    pub retried: usize,
    /// Entries that were set aside.
    pub parked: usize,
    /// Entries that are in the outbox at the end.
    pub waiting: u64,
}

/// Publishes what is in the outbox and what comes into it, for [`DRAIN_TIME`] or until the time of the invocation is nearly
/// over.
///
/// # Errors
/// If the payload is not a tick, or if the outbox does not answer in the end. Nothing is lost: the next tick goes on.
pub async fn drain(
    relay: Relay,
    outbox: Arc<dyn Outbox>,
    order: Order,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Drained, Error> {
    match serde_json::from_str(event.payload.get()) {
        Ok(Tick { is_drain: true }) => {}
        Ok(Tick { is_drain: false }) | Err(_) => {
            return Err(
                "the relay of an outbox is invoked by its schedule: {\"drain\": true}".into()
            );
        }
    }
    let host = Arc::clone(&relay.host);
    let deadline = Deadline::of(&event.context, Arc::clone(&host));
    let end = host.monotonic().saturating_add(DRAIN_TIME.min(deadline.time_left()));
    let time_left = || end.saturating_sub(host.monotonic());
    let (mut drained, mut outage) = (Drained::default(), None);
    while time_left() >= ROUND_TIME_MIN {
        let wait = match relay.take_outbox(&*outbox, order, time_left).await {
            Ok(report) if report.tally.total() > 0 => {
                outage = None;
                measure::batch(Part::Service, &report);
                for (id, reason) in &report.reasons {
                    warn!(record.id = %id, "An entry of the outbox could not be published: {reason}");
                }
                drained.published += report.tally.applied + report.tally.duplicate;
                drained.retried += report.tally.retried;
                drained.parked += report.tally.parked;
                Duration::ZERO
            }
            Ok(_) => {
                outage = None;
                IDLE_TIME
            }
            Err(cause) => {
                warn!("The outbox does not answer: {cause}");
                outage = Some(cause);
                OUTAGE_WAIT
            }
        };
        if !wait.is_zero() {
            host.sleep(wait).await;
        }
    }
    if let Some(cause) = outage {
        measure::end(host.now());
        return Err(cause);
    }
    drained.waiting = outbox.waiting().await?;
    OUTBOX_WAITING.record(i64::try_from(drained.waiting).unwrap_or(i64::MAX));
    measure::end(host.now());
    Ok(drained)
}
