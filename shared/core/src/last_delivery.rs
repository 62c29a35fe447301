//! The last delivery of a message. A queue moves a message that ran out of deliveries to the dead-letter queue without a
//! reason, so the last delivery parks it itself, with the reason of its failure.

use std::{pin::pin, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};

use crate::{
    Host, Parking,
    batch::{Delivered, GROUPS_AT_ONCE_MAX, Report, TIME_TO_STOP},
};

/// Deliveries of a message, the first included: the `maxReceiveCount` of its queue. At three minutes each they outlast
/// five hours.
pub const DELIVERIES_MAX: u32 = 100;

/// Time reserved for returning the report after the parking.
const REPORT_TIME: Duration = Duration::from_millis(100);

const _: () = assert!(REPORT_TIME.as_millis() < TIME_TO_STOP.as_millis());

/// Parks those of the `last` messages that failed, and takes them out of the report's failures. `last` are the messages
/// of the batch that the queue will not deliver again.
///
/// A message that cannot be parked stays a failure, and the queue moves it to the dead-letter queue without a reason.
pub async fn park_last(
    host: &dyn Host,
    parking: &dyn Parking,
    last: &[Delivered<String>],
    mut report: Report,
    time_left: impl Fn() -> Duration,
) -> Report {
    let failed = |message: &&Delivered<String>| report.failed.contains(&message.id);
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let parked: Vec<_> = last
        .iter()
        .filter(failed)
        .map(|message| {
            let reason = report.reasons.iter().find(|(id, _)| *id == message.id);
            let reason = reason.map_or("", |(_, reason)| reason);
            let reason = format!("gave up after {DELIVERIES_MAX} deliveries: {reason}");
            async move { parking.park(&message.record, &reason).await.ok().map(|()| &message.id) }
        })
        .collect();
    if parked.is_empty() {
        return report;
    }
    let mut alarm = pin!(host.alarm(time_left().saturating_sub(REPORT_TIME)));
    let mut parked = stream::iter(parked).buffer_unordered(GROUPS_AT_ONCE_MAX);
    let mut done: Vec<&String> = Vec::new();
    while let Either::Right((Some(id), _)) = select(&mut alarm, parked.next()).await {
        done.extend(id);
    }
    report.failed.retain(|id| !done.contains(&id));
    report.tally.retried = report.tally.retried.saturating_sub(done.len());
    report.tally.parked += done.len();
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        batch::Tally,
        memory::{ManualHost, MemoryParking},
    };

    fn message(id: &str) -> Delivered<String> {
        Delivered { id: id.to_owned(), record: format!("body of {id}") }
    }

    fn report(failed: &[&str]) -> Report {
        Report {
            failed: failed.iter().map(|id| (*id).to_owned()).collect(),
            reasons: failed.iter().map(|id| ((*id).to_owned(), format!("{id} is slow"))).collect(),
            tally: Tally { applied: 1, retried: failed.len(), ..Tally::default() },
        }
    }

    async fn park(last: &[&str], failed: &[&str], time: u64) -> (Report, Vec<(String, String)>) {
        let parking = MemoryParking::default();
        let last: Vec<_> = last.iter().map(|id| message(id)).collect();
        let time_left = || Duration::from_millis(time);
        let report =
            park_last(&ManualHost::new(), &parking, &last, report(failed), time_left).await;
        (report, parking.dump())
    }

    #[tokio::test]
    async fn a_message_that_fails_at_its_last_delivery_is_parked_with_its_reason_l4() {
        let (report, parked) = park(&["a", "c"], &["a", "b"], 500).await;
        assert_eq!(report.failed, ["b"], "b is delivered again");
        let reason = "gave up after 100 deliveries: a is slow";
        assert_eq!(parked, [("body of a".to_owned(), reason.to_owned())]);
        let tally = Tally { applied: 1, retried: 1, parked: 1, ..Tally::default() };
        assert_eq!((report.tally, report.tally.total()), (tally, 3));
    }

    #[tokio::test]
    async fn without_time_to_park_the_message_stays_a_failure_s15() {
        let (report, parked) = park(&["a"], &["a"], 100).await;
        assert_eq!((report.failed, parked.len()), (vec!["a".to_owned()], 0));
    }
}
