//! The last deliveries of a message. A queue moves a message that ran out of deliveries to the dead-letter queue without a
//! reason, so the code parks it before that, with the reason of its failure.
//!
//! A function that crashes cannot say why. So a message is tried [`TRIES_MAX`] times, and the deliveries after that only
//! park it: nothing that the message does to the code can keep its reason from being recorded.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};

use crate::{
    Host, Parking,
    batch::{Delivered, GROUPS_AT_ONCE_MAX, Report, TIME_TO_STOP, Tally},
};

/// Deliveries of a message, the first included: the `maxReceiveCount` of its queue. At three minutes each they outlast
/// five hours.
pub const DELIVERIES_MAX: u32 = 100;

/// Deliveries at which a message is handled. If it fails at the last of them, it is parked with the reason. If that did
/// not happen, because the function crashed, the deliveries after it park it unhandled. There are three of these, because
/// an invocation may also crash for other reasons.
pub const TRIES_MAX: u32 = 97;

const _: () = assert!(TRIES_MAX < DELIVERIES_MAX);

/// Time reserved for returning the report after the parking.
const REPORT_TIME: Duration = Duration::from_millis(100);

const _: () = assert!(REPORT_TIME.as_millis() < TIME_TO_STOP.as_millis());

/// A batch of a queue, by what the number of its deliveries leaves to do with each message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueBatch {
    messages: Vec<Delivered<String>>,
    /// Those of the messages that are handled for the last time.
    last: Vec<Delivered<String>>,
    /// Messages that are not handled again.
    spent: Vec<Delivered<String>>,
}

impl QueueBatch {
    /// Adds a message. `deliveries` is how often the queue has delivered it, this time included. A message without a
    /// known number is handled.
    pub fn add(&mut self, message: Delivered<String>, deliveries: Option<u32>) {
        match deliveries {
            Some(deliveries) if deliveries > TRIES_MAX => return self.spent.push(message),
            Some(TRIES_MAX) => self.last.push(message.clone()),
            Some(_) | None => {}
        }
        self.messages.push(message);
    }

    /// The messages to handle.
    #[must_use]
    pub fn messages(&self) -> &[Delivered<String>] {
        &self.messages
    }

    /// Every message, handled or not.
    #[must_use]
    pub fn into_all(self) -> Vec<Delivered<String>> {
        [self.messages, self.spent].concat()
    }

    /// Handles the messages with `step`, and parks those that failed at their last try. If there are messages that were
    /// tried too often, it parks these instead, and leaves the others to their next delivery. A message that cannot be
    /// parked is reported as failed.
    pub async fn handle<S, F>(
        self,
        host: &dyn Host,
        parking: &dyn Parking,
        time_left: impl Fn() -> Duration,
        step: S,
    ) -> Report
    where
        S: FnOnce(Vec<Delivered<String>>) -> F,
        F: Future<Output = Report>,
    {
        let Self { messages, last, spent } = self;
        let reason = || {
            format!(
                "gave up after {TRIES_MAX} deliveries: the last one ended without a report, because the function crashed, \
                 ran out of time or memory, or could not park the message"
            )
        };
        let spent: Vec<_> = spent.into_iter().map(|message| (message, reason())).collect();
        // Alone: a neighbour may crash the function.
        let parked = park_all(host, parking, &spent, time_left().saturating_sub(REPORT_TIME)).await;
        let mut report = match (messages.is_empty(), spent.is_empty()) {
            (true, _) => Report::default(),
            (false, true) => step(messages).await,
            (false, false) => postponed(messages),
        };
        for (Delivered { id, .. }, reason) in spent {
            if parked.contains(&id) {
                report.tally.parked += 1;
            } else {
                report.tally.retried += 1;
                report.failed.push(id.clone());
            }
            report.reasons.push((id, reason));
        }
        park_last(host, parking, last, report, time_left).await
    }
}

/// The report on messages that wait for their next delivery. If one of them crashed the function now, the report on the parked
/// messages would be lost, and the queue would bury them once more, without a reason.
fn postponed(messages: Vec<Delivered<String>>) -> Report {
    let reason = "it waits for its next delivery: this one only parked messages of its batch";
    let failed: Vec<String> = messages.into_iter().map(|message| message.id).collect();
    let tally = Tally { retried: failed.len(), ..Tally::default() };
    let reasons = failed.iter().map(|id| (id.clone(), reason.to_owned())).collect();
    Report { failed, reasons, tally }
}

/// Parks those of the `last` messages that failed, and takes them out of the report's failures.
async fn park_last(
    host: &dyn Host,
    parking: &dyn Parking,
    last: Vec<Delivered<String>>,
    mut report: Report,
    time_left: impl Fn() -> Duration,
) -> Report {
    let with_reason = |message: Delivered<String>| {
        let reason = report.reasons.iter().find(|(id, _)| *id == message.id);
        let reason = reason.map_or("", |(_, reason)| reason);
        let reason = format!("gave up after {TRIES_MAX} deliveries: {reason}");
        report.failed.contains(&message.id).then_some((message, reason))
    };
    let failed: Vec<_> = last.into_iter().filter_map(with_reason).collect();
    let done = park_all(host, parking, &failed, time_left().saturating_sub(REPORT_TIME)).await;
    report.failed.retain(|id| !done.contains(id));
    report.tally.retried = report.tally.retried.saturating_sub(done.len());
    report.tally.parked += done.len();
    report
}

/// Parks each message with its reason, while time lasts. Returns the ids of those that are parked.
async fn park_all(
    host: &dyn Host,
    parking: &dyn Parking,
    letters: &[(Delivered<String>, String)],
    time_max: Duration,
) -> Vec<String> {
    let mut done = Vec::new();
    if letters.is_empty() {
        return done;
    }
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let calls: Vec<_> = letters
        .iter()
        .map(|(message, reason)| async move {
            parking.park(&message.record, reason).await.ok().map(|()| message.id.clone())
        })
        .collect();
    let mut alarm = pin!(host.alarm(time_max));
    let mut calls = stream::iter(calls).buffer_unordered(GROUPS_AT_ONCE_MAX);
    while let Either::Right((Some(id), _)) = select(&mut alarm, calls.next()).await {
        done.extend(id);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{ManualHost, MemoryParking};

    fn batch(messages: &[(&str, u32)]) -> QueueBatch {
        let mut batch = QueueBatch::default();
        for (id, deliveries) in messages {
            let record = format!("body of {id}");
            batch.add(Delivered { id: (*id).to_owned(), record }, Some(*deliveries));
        }
        batch
    }

    /// Handles a batch in which every message fails. Returns the report, the handled ids, and what is parked.
    async fn fails(
        messages: &[(&str, u32)],
        millis: u64,
    ) -> (Report, Vec<String>, Vec<(String, String)>) {
        let (parking, mut handled) = (MemoryParking::default(), Vec::new());
        let step = |messages: Vec<Delivered<String>>| {
            handled = messages.iter().map(|it| it.id.clone()).collect();
            let ids = messages.into_iter().map(|message| message.id);
            let failed: Vec<String> = ids.collect();
            let reasons = failed.iter().map(|id| (id.clone(), format!("{id} is slow"))).collect();
            let tally = Tally { retried: failed.len(), ..Tally::default() };
            async move { Report { failed, reasons, tally } }
        };
        let time_left = || Duration::from_millis(millis);
        let report = batch(messages).handle(&ManualHost::new(), &parking, time_left, step).await;
        (report, handled, parking.dump())
    }

    #[tokio::test]
    async fn a_message_that_fails_at_its_last_try_is_parked_with_its_reason_l4() {
        let (report, _, parked) = fails(&[("a", TRIES_MAX), ("b", TRIES_MAX - 1)], 500).await;
        assert_eq!(report.failed, ["b"], "b is delivered again");
        let reason = "gave up after 97 deliveries: a is slow";
        assert_eq!(parked, [("body of a".to_owned(), reason.to_owned())]);
        let tally = Tally { retried: 1, parked: 1, ..Tally::default() };
        assert_eq!((report.tally, report.tally.total()), (tally, 2));
    }

    /// The function crashed at the last try.
    #[tokio::test]
    async fn a_message_that_was_tried_too_often_is_parked_unhandled_with_its_reason_l4() {
        for deliveries in TRIES_MAX + 1..=DELIVERIES_MAX {
            let (report, handled, parked) = fails(&[("a", deliveries), ("b", 1)], 500).await;
            assert_eq!(handled, [""; 0], "a may crash the function again, and so may b");
            assert_eq!(report.failed, ["b"]);
            assert_eq!((parked.len(), &*parked[0].0), (1, "body of a"));
            assert!(parked[0].1.contains("ended without a report"), "{}", parked[0].1);
            assert_eq!((report.tally.parked, report.tally.total()), (1, 2));
        }
    }

    #[tokio::test]
    async fn without_time_to_park_the_message_stays_a_failure_s15() {
        let (report, _, parked) = fails(&[("a", TRIES_MAX)], 100).await;
        assert_eq!((report.failed, parked.len()), (vec!["a".to_owned()], 0));
        let (report, handled, parked) = fails(&[("a", DELIVERIES_MAX)], 0).await;
        assert_eq!((report.failed, parked.len()), (vec!["a".to_owned()], 0));
        assert_eq!((handled.len(), report.tally.retried), (0, 1));
    }
}
