//! Planted bugs of handling a batch.

use std::time::Duration;

use dekigoto::{
    Parking, QueueBatch,
    batch::{Delivered, Report},
    relay::{Relay, StreamRecord},
    views::Projector,
};
use dekigoto_testkit::sim::Letter;

use super::{Bug, Wiring};
use crate::{
    consumers::opened,
    nemesis::{NEWER, POISON},
};

/// Messages that a bug keeps from the view.
#[derive(Default)]
pub(crate) struct Mishandled {
    parked: Vec<Delivered<String>>,
    failed: Vec<String>,
}

impl Mishandled {
    /// Parks what is to be parked, and adds everything to the report.
    pub(crate) async fn add_to(self, mut report: Report, parking: &dyn Parking) -> Report {
        for message in self.parked {
            let reason = "the schema version is not known".to_owned();
            match parking.park(&message.record, &reason).await {
                Ok(()) => report.tally.parked += 1,
                Err(_) => {
                    report.tally.retried += 1;
                    report.failed.push(message.id.clone());
                }
            }
            report.reasons.push((message.id, reason));
        }
        report.tally.retried += self.failed.len();
        report.failed.extend(self.failed);
        report
    }
}

impl Wiring {
    /// A queue's batch.
    pub(crate) fn opened(self, batch: Vec<Delivered<Letter>>) -> QueueBatch {
        let first = |Delivered { id, mut record }: Delivered<Letter>| {
            record.receives = 1;
            Delivered { id, record }
        };
        match self.0 {
            Some(Bug::NoReason) => opened(batch.into_iter().map(first).collect()),
            _ => opened(batch),
        }
    }

    /// What does not reach the view, and what does.
    pub(crate) fn mishandled(
        self,
        messages: Vec<Delivered<String>>,
    ) -> (Mishandled, Vec<Delivered<String>>) {
        let is_poison = |message: &Delivered<String>| message.record.contains(POISON);
        match self.0 {
            Some(Bug::ParkNewer) => {
                let is_newer = |message: &Delivered<String>| message.record.contains(NEWER);
                let (parked, others) = messages.into_iter().partition(is_newer);
                (Mishandled { parked, ..Mishandled::default() }, others)
            }
            Some(Bug::FailTogether) if messages.iter().any(is_poison) => {
                let failed = messages.into_iter().map(|message| message.id).collect();
                (Mishandled { failed, ..Mishandled::default() }, Vec::new())
            }
            _ => (Mishandled::default(), messages),
        }
    }

    /// The publisher's work on a batch of the stream. A batch ends at its first failure.
    pub(crate) async fn relayed(
        self,
        relay: &Relay,
        batch: Vec<Delivered<StreamRecord>>,
        time_left: impl Fn() -> Duration + Send + Sync,
    ) -> Report {
        match self.0 {
            Some(Bug::NoCircuit) => one_by_one(relay, batch, time_left).await,
            Some(Bug::SendsBeforeParking) => parking_last(relay, batch, time_left).await,
            _ => relay.take_stream(batch, time_left).await,
        }
    }

    /// A view's work on a batch of its queue.
    pub(crate) async fn projected(
        self,
        projector: &Projector,
        batch: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration + Send + Sync,
    ) -> Report {
        if self.0 != Some(Bug::OneByOne) {
            return projector.take(batch, time_left).await;
        }
        let mut whole = Report::default();
        for message in batch {
            add(&mut whole, projector.take(vec![message], &time_left).await);
        }
        whole
    }

    /// The report on a batch with these ids.
    pub(crate) fn report(self, mut report: Report, ids: &[String]) -> Report {
        match self.0 {
            Some(Bug::AckFailures) => report.failed.clear(),
            Some(Bug::EmptyIsFailure) if report.failed.is_empty() => {
                report.failed = ids.to_vec();
            }
            _ => {}
        }
        report
    }
}

async fn one_by_one(
    relay: &Relay,
    batch: Vec<Delivered<StreamRecord>>,
    time_left: impl Fn() -> Duration + Send + Sync,
) -> Report {
    let (mut whole, size) = (Report::default(), batch.len());
    for record in batch {
        let report = relay.take_stream(vec![record], &time_left).await;
        add(&mut whole, report);
        if !whole.failed.is_empty() {
            whole.tally.retried += size - whole.tally.total();
            break;
        }
    }
    whole
}

async fn parking_last(
    relay: &Relay,
    batch: Vec<Delivered<StreamRecord>>,
    time_left: impl Fn() -> Duration + Send + Sync,
) -> Report {
    let ids: Vec<String> = batch.iter().map(|record| record.id.clone()).collect();
    let is_commit = |it: &Delivered<StreamRecord>| matches!(it.record, StreamRecord::Commit(_));
    let (commits, others) = batch.into_iter().partition(is_commit);
    let mut whole = relay.take_stream(commits, &time_left).await;
    add(&mut whole, relay.take_stream(others, &time_left).await);
    whole.failed.sort_by_key(|failed| ids.iter().position(|id| id == failed));
    whole.failed.truncate(1);
    whole
}

fn add(whole: &mut Report, report: Report) {
    whole.failed.extend(report.failed);
    whole.reasons.extend(report.reasons);
    whole.tally.applied += report.tally.applied;
    whole.tally.duplicate += report.tally.duplicate;
    whole.tally.skipped += report.tally.skipped;
    whole.tally.retried += report.tally.retried;
    whole.tally.parked += report.tally.parked;
}
