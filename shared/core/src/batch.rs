//! One engine for every batch that Lambda delivers: each delivered id is acknowledged or reported.
//!
//! Queues and streams handle failures differently. A queue delivers exactly the reported messages again, so the engine
//! goes on after a failure. A stream delivers everything from the lowest reported record on again, so the engine stops
//! at the first failure: going on would only make duplicates.

use std::{collections::BTreeMap, fmt, future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
    stream,
};

use crate::Host;

/// Time that must be left to start another step, and at which every step of a queue's batch is stopped. Unfinished
/// records are reported and delivered again.
pub const TIME_TO_STOP: Duration = Duration::from_millis(500);

/// Groups of a queue's batch that are handled in parallel.
pub const GROUPS_AT_ONCE_MAX: usize = 16;

/// The outcome of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Applied,
    /// Was done before.
    Duplicate,
    /// Not meant for this handler.
    Skipped,
    /// Not done; deliver it again.
    Retry(String),
    /// Parked in a dead-letter queue, for this reason.
    Parked(String),
}

/// The number of records with each outcome. The counts add up to the delivered records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub applied: usize,
    /// Was done before.
    pub duplicate: usize,
    /// Not meant for this handler.
    pub skipped: usize,
    /// To be delivered again.
    pub retried: usize,
    /// Parked.
    pub parked: usize,
}

impl Tally {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Applied => &mut self.applied,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Retry(_) => &mut self.retried,
            Outcome::Parked(_) => &mut self.parked,
        };
        *counter += 1;
    }

    /// The number of all records.
    #[must_use]
    pub fn total(&self) -> usize {
        self.applied + self.duplicate + self.skipped + self.retried + self.parked
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} applied, {} duplicate, {} skipped, {} retried, {} parked",
            self.applied, self.duplicate, self.skipped, self.retried, self.parked
        )
    }
}

/// The answer for a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Ids to report as failed, in the order of delivery. For a stream, only the first failure.
    pub failed: Vec<String>,
    /// Reasons for the log: one for each retried or parked record.
    pub reasons: Vec<(String, String)>,
    /// The counts.
    pub tally: Tally,
}

impl Report {
    /// The report of two parts of a batch.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let Self { failed, reasons, tally } = other;
        self.failed.extend(failed);
        self.reasons.extend(reasons);
        self.tally = Tally {
            applied: self.tally.applied + tally.applied,
            duplicate: self.tally.duplicate + tally.duplicate,
            skipped: self.tally.skipped + tally.skipped,
            retried: self.tally.retried + tally.retried,
            parked: self.tally.parked + tally.parked,
        };
        self
    }

    fn record(&mut self, id: &str, outcome: &Outcome) {
        self.tally.count(outcome);
        match outcome {
            Outcome::Retry(reason) => {
                self.failed.push(id.to_owned());
                self.reasons.push((id.to_owned(), reason.clone()));
            }
            Outcome::Parked(reason) => self.reasons.push((id.to_owned(), reason.clone())),
            Outcome::Applied | Outcome::Duplicate | Outcome::Skipped => {}
        }
    }
}

/// A record with the id that the event source gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered<T> {
    /// The message id or sequence number.
    pub id: String,
    /// The record.
    pub record: T,
}

/// Takes a queue's batch: groups the records, handles up to [`GROUPS_AT_ONCE_MAX`] groups in parallel, and goes on
/// after failures.
///
/// `group_of` names a record's group. `step` gets all records of a group in the order of delivery, and returns one
/// outcome for each. If a group panics, its records are handled again one by one, so that only the faulty record fails.
///
/// The batch always ends in time. When `time_left` reaches [`TIME_TO_STOP`], no more groups start, and the unfinished
/// groups are dropped at their awaits. Their records are reported and delivered again, so a step must be safe to repeat
/// from any of its awaits.
pub async fn take_queue<T, G, S, F>(
    host: &dyn Host,
    records: Vec<Delivered<T>>,
    group_of: impl Fn(&T) -> G,
    time_left: impl Fn() -> Duration,
    step: S,
) -> Report
where
    T: Clone,
    G: Ord,
    S: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<Outcome>>,
{
    let mut groups: BTreeMap<G, Vec<usize>> = BTreeMap::new();
    for (place, delivered) in records.iter().enumerate() {
        groups.entry(group_of(&delivered.record)).or_default().push(place);
    }
    let mut alarm = host.alarm(time_left().saturating_sub(TIME_TO_STOP));
    let groups = groups.into_values().map(|places| take_group(&records, places, &step, &time_left));
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let groups: Vec<_> = groups.collect();
    let mut work = stream::iter(groups).buffer_unordered(GROUPS_AT_ONCE_MAX);
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    // The alarm is polled first, so that its time starts now.
    while let Either::Right((Some(ended), _)) = select(&mut alarm, work.next()).await {
        outcomes.extend(ended);
    }
    let mut report = Report::default();
    for (place, delivered) in records.iter().enumerate() {
        let dropped =
            Outcome::Retry("the time ran out while the record was being handled".to_owned());
        report.record(&delivered.id, outcomes.get(&place).unwrap_or(&dropped));
    }
    report
}

/// Handles the records of one group. Returns one outcome for each place.
async fn take_group<T, S, F>(
    records: &[Delivered<T>],
    places: Vec<usize>,
    step: &S,
    time_left: &impl Fn() -> Duration,
) -> Vec<(usize, Outcome)>
where
    T: Clone,
    S: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<Outcome>>,
{
    let group: Vec<T> = places.iter().filter_map(|place| taken(records, *place)).collect();
    if let Some(outcomes) = guarded(step, group, time_left).await {
        return places.into_iter().zip(outcomes).collect();
    }
    let mut outcomes = Vec::with_capacity(places.len());
    for place in places {
        let alone: Vec<T> = taken(records, place).into_iter().collect();
        let result = guarded(step, alone, time_left).await.and_then(|mut all| all.pop());
        let panicked = || Outcome::Retry("the handler panicked on this record".to_owned());
        outcomes.push((place, result.unwrap_or_else(panicked)));
    }
    outcomes
}

/// Takes a stream's batch as a whole, and reports the first failure.
///
/// `step` gets the records in order and returns one outcome for each. The stream delivers everything from the first
/// failure on again, so work after it is repeated: a step that can fail half-way should stop there. If the batch
/// panics, its records are handled again one by one, up to the faulty one.
pub async fn take_stream<T, S, F>(
    records: Vec<Delivered<T>>,
    time_left: impl Fn() -> Duration,
    step: S,
) -> Report
where
    T: Clone,
    S: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<Outcome>>,
{
    let all = records.iter().map(|delivered| delivered.record.clone()).collect();
    let outcomes = match guarded(&step, all, &time_left).await {
        Some(outcomes) => outcomes,
        None => one_by_one(&records, &step, &time_left).await,
    };
    let mut report = Report::default();
    let first_failure = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Retry(_)));
    let ended = first_failure.map_or(records.len(), |place| place + 1);
    for (delivered, outcome) in records.iter().zip(&outcomes).take(ended) {
        report.record(&delivered.id, outcome);
    }
    // The stream delivers these again, because they come after the reported record.
    report.tally.retried += records.len() - ended;
    report
}

/// Handles a stream's records one by one, up to the first failure. Returns no outcomes for the records after it.
async fn one_by_one<T, S, F>(
    records: &[Delivered<T>],
    step: &S,
    time_left: &impl Fn() -> Duration,
) -> Vec<Outcome>
where
    T: Clone,
    S: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<Outcome>>,
{
    let mut outcomes = Vec::with_capacity(records.len());
    for delivered in records {
        let alone = vec![delivered.record.clone()];
        let outcome = guarded(step, alone, time_left).await.and_then(|mut all| all.pop());
        let panicked = || Outcome::Retry("the handler panicked on this record".to_owned());
        outcomes.push(outcome.unwrap_or_else(panicked));
        if matches!(outcomes.last(), Some(Outcome::Retry(_))) {
            break;
        }
    }
    outcomes
}

fn taken<T: Clone>(records: &[Delivered<T>], place: usize) -> Option<T> {
    records.get(place).map(|delivered| delivered.record.clone())
}

/// The outcomes of one group. `None` if it panicked or did not return one outcome for each record.
async fn guarded<T, S, F>(
    step: &S,
    group: Vec<T>,
    time_left: &impl Fn() -> Duration,
) -> Option<Vec<Outcome>>
where
    S: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<Outcome>>,
{
    let expected = group.len();
    if time_left() < TIME_TO_STOP {
        return Some(vec![Outcome::Retry("no time left".to_owned()); expected]);
    }
    // The step is called inside the future, so that a panic before its first await is also caught.
    let outcomes = AssertUnwindSafe(async { step(group).await }).catch_unwind().await.ok()?;
    (outcomes.len() == expected).then_some(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::ManualHost;
    use futures_util::future::ready;

    fn batch(records: &[i32]) -> Vec<Delivered<i32>> {
        let numbered = records.iter().enumerate();
        numbered.map(|(id, record)| Delivered { id: format!("m{id}"), record: *record }).collect()
    }

    fn plenty() -> Duration {
        Duration::from_secs(30)
    }

    fn outcome_of(record: i32) -> Outcome {
        match record {
            -1 => Outcome::Retry("later".to_owned()),
            -2 => panic!("poison"),
            -3 => Outcome::Parked("bad".to_owned()),
            _ => Outcome::Applied,
        }
    }

    async fn queue(records: &[i32], group_of: impl Fn(&i32) -> i32) -> Report {
        let step = |group: Vec<i32>| ready(group.into_iter().map(outcome_of).collect());
        take_queue(&ManualHost::new(), batch(records), group_of, plenty, step).await
    }

    #[tokio::test]
    async fn every_record_of_a_queue_batch_is_counted_once_s15() {
        let report = queue(&[1, -1, 2, -3, -2], |record| *record).await;
        assert_eq!(report.failed, ["m1", "m4"]);
        let tally = Tally { applied: 2, retried: 2, parked: 1, ..Tally::default() };
        assert_eq!((report.tally, report.tally.total()), (tally, 5));
    }

    #[tokio::test]
    async fn a_panic_fails_only_its_own_record_of_the_group() {
        let report = queue(&[1, -2, 3], |_| 0).await;
        assert_eq!(report.failed, ["m1"]);
        assert_eq!(report.tally.applied, 2);
    }

    #[tokio::test]
    async fn a_record_without_an_outcome_fails_and_is_not_lost() {
        let host = ManualHost::new();
        let nothing = |_| ready(Vec::new());
        let report = take_queue(&host, batch(&[1, 2]), |_| 0, plenty, nothing).await;
        assert_eq!(report.failed, ["m0", "m1"]);
    }

    #[tokio::test]
    async fn near_the_deadline_records_that_were_not_started_are_reported() {
        let soon = || Duration::from_millis(499);
        let (host, applied) = (ManualHost::new(), |_| ready(vec![Outcome::Applied]));
        let report = take_queue(&host, batch(&[1, 2]), |n| *n, soon, applied).await;
        assert_eq!(report.failed, ["m0", "m1"]);
    }

    async fn stream(records: &[i32]) -> Report {
        let step = |group: Vec<i32>| ready(group.into_iter().map(outcome_of).collect());
        take_stream(batch(records), plenty, step).await
    }

    #[tokio::test]
    async fn a_stream_reports_only_its_first_failure_and_retries_everything_after_it() {
        let report = stream(&[1, -3, -1, 4, -1]).await;
        assert_eq!(report.failed, ["m2"]);
        let tally = Tally { applied: 1, parked: 1, retried: 3, ..Tally::default() };
        assert_eq!((report.tally, report.tally.total()), (tally, 5));
    }

    #[tokio::test]
    async fn a_panic_in_a_stream_fails_its_record_and_everything_after_it() {
        let report = stream(&[1, -2, 3]).await;
        assert_eq!(report.failed, ["m1"]);
        assert_eq!((report.tally.applied, report.tally.retried), (1, 2));
    }
}
