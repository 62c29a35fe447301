//! What the kit measures. A measurement is a tracing event of the target [`TARGET`] at level `INFO`: code that measures
//! needs no handle, and a program that collects nothing pays nothing. `dekigoto-lambda` collects them as metrics.
//!
//! A measurement never names an id. Its dimensions are the view or the policy, and a word of a short list.

use crate::{Timestamp, batch::Report};

/// The target of measurements.
pub const TARGET: &str = "dekigoto::measure";

/// Something that is counted, or a time in milliseconds.
///
/// ```
/// use dekigoto::measure::Measure;
/// const COUPONS: Measure = Measure::count("CouponsIssued");
/// COUPONS.record(1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    name: &'static str,
    unit: &'static str,
}

/// The part of the service that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// No part of its own, such as the relay or the commands.
    Service,
    /// The view of this name.
    View(&'static str),
    /// The policy of this name.
    Policy(&'static str),
    /// The rebuild of views.
    Rebuild,
}

impl Part {
    /// The dimension and its value; both are empty for the service.
    const fn dimension(self) -> (&'static str, &'static str) {
        match self {
            Self::Service => ("", ""),
            Self::View(name) => ("view", name),
            Self::Policy(name) => ("policy", name),
            Self::Rebuild => ("part", "rebuild"),
        }
    }
}

/// From the command to the end of the publication of its commit.
pub const PUBLISH_LAG: Measure = Measure::time("PublishLagMs");
/// From the command to the row that shows its event.
pub const END_TO_END_LAG: Measure = Measure::time("EndToEndLagMs");
/// Records that were applied.
pub const APPLIED: Measure = Measure::count("Applied");
/// Records that had been applied before.
pub const DUPLICATE: Measure = Measure::count("Duplicate");
/// Events that no message had delivered, and that were read from the store.
pub const GAP_REPAIRED: Measure = Measure::count("GapRepaired");
/// Records that are delivered again.
pub const RETRIED: Measure = Measure::count("Retried");
/// Records that were set aside.
pub const PARKED: Measure = Measure::count("Parked");
/// Decisions that were lost to another command on the same stream.
pub const CONFLICTS: Measure = Measure::count("Conflicts");
/// Commands whose events were committed.
pub const COMMAND_ACCEPTED: Measure = Measure::count("CommandAccepted");
/// Commands that the rules refused.
pub const COMMAND_REFUSED: Measure = Measure::count("CommandRefused");
/// Commands that had been carried out before.
pub const FIRST_ANSWER_AGAIN: Measure = Measure::count("FirstAnswerAgain");
/// Decisions, of which a command takes more than one after a conflict.
pub const DECISIONS: Measure = Measure::count("Decisions");
/// Pointers that were put into the retry queue.
pub const POINTERS_PUT: Measure = Measure::count("PointersPut");
/// Entries of an outbox that wait to be published.
pub const OUTBOX_WAITING: Measure = Measure::count("OutboxWaiting");
/// Deadlines that a tick found due.
pub const DEADLINES_DUE: Measure = Measure::count("DeadlinesDue");
/// How late a deadline was handled.
pub const DEADLINE_LATE: Measure = Measure::time("DeadlineLateMs");
/// Commits that a rebuild has folded.
pub const REBUILD_COMMITS: Measure = Measure::count("RebuildCommits");
/// Commits that a sweep has looked at.
pub const SWEPT_COMMITS: Measure = Measure::count("SweptCommits");
/// Segments that a sweep has looked at to their end.
pub const SWEPT_SEGMENTS: Measure = Measure::count("SweptSegments");
/// Commits without a stream record, which a sweep has given to the relay.
pub const LOST_COMMITS: Measure = Measure::count("LostCommits");

impl Measure {
    /// A count.
    #[must_use]
    pub const fn count(name: &'static str) -> Self {
        Self { name, unit: "Count" }
    }

    /// A time in milliseconds.
    #[must_use]
    pub const fn time(name: &'static str) -> Self {
        Self { name, unit: "Milliseconds" }
    }

    /// Its name as a metric.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Records a value of the whole service.
    pub fn record(self, value: i64) {
        self.record_of(Part::Service, value);
    }

    /// Records a value of a part of the service.
    pub fn record_of(self, part: Part, value: i64) {
        self.record_by(part, ("", ""), value);
    }

    /// Records a value, which counts for its class too: a dimension and a word of a short list, such as a currency.
    pub fn record_by(self, part: Part, (by, class): (&'static str, &'static str), value: i64) {
        let (dimension, of) = part.dimension();
        tracing::info!(
            target: TARGET, metric = self.name, unit = self.unit, dimension, of, by, class, value
        );
    }
}

/// Ends an invocation: a collector may write what it has. `now` is the time of the metrics.
pub fn end(now: Timestamp) {
    tracing::info!(target: TARGET, end = now.as_millis());
}

/// Records how the records of a batch ended.
pub fn batch(part: Part, report: &Report) {
    let tally = report.tally;
    for (measure, count) in [(APPLIED, tally.applied), (DUPLICATE, tally.duplicate)] {
        if count > 0 {
            measure.record_of(part, i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
    for (id, reason) in &report.reasons {
        let measure = if report.failed.contains(id) { RETRIED } else { PARKED };
        measure.record_by(part, ("reason", class_of(reason)), 1);
    }
    // A stream delivers what comes after its first failure again.
    let failed = report.reasons.iter().filter(|(id, _)| report.failed.contains(id)).count();
    for _ in failed..tally.retried {
        RETRIED.record_by(part, ("reason", "after-a-failure"), 1);
    }
}

/// The classes of reasons, by a part of their texts. The first that fits counts.
const CLASSES: [(&str, &str); 23] = [
    ("parking failed", "not-parked"),
    ("history was changed", "history-changed"),
    ("newer code", "newer-code"),
    ("deploy the version that wrote it", "newer-code"),
    ("gave up", "gave-up"),
    ("panicked", "panic"),
    ("no time", "no-time"),
    ("time ran out", "no-time"),
    ("belongs to another", "another-row"),
    ("does not have", "not-stored"),
    ("not in the store", "not-stored"),
    ("no such commit", "not-stored"),
    ("is not an event", "unreadable"),
    ("unreadable", "unreadable"),
    ("is not a ", "unreadable"),
    ("does not match its schema", "unreadable"),
    ("not published", "target"),
    ("throttling", "unavailable"),
    ("no answer", "unavailable"),
    ("does not answer", "unavailable"),
    ("other writers", "contended"),
    ("won every attempt", "contended"),
    ("refused", "refused"),
];

/// The class of a reason: a word of a short list, because a dimension with many values costs as many metrics.
///
/// ```
/// use dekigoto::measure::class_of;
/// assert_eq!(class_of("history was changed: REMOVE of a commit"), "history-changed");
/// assert_eq!(class_of("anything else"), "other");
/// ```
#[must_use]
pub fn class_of(reason: &str) -> &'static str {
    let class = CLASSES.iter().find(|(text, _)| reason.contains(text));
    class.map_or("other", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::ProjectError;
    use crate::{NotAnEvent, Version};

    #[test]
    fn every_way_to_fail_of_a_view_has_a_class() {
        let not_an_event: NotAnEvent = crate::Envelope::from_message("{").unwrap_err();
        for (error, class) in [
            (ProjectError::Message(not_an_event), "unreadable"),
            (ProjectError::NewerRow { stored: 2, known: 1 }, "newer-code"),
            (ProjectError::OtherRow(Version::FIRST), "another-row"),
            (ProjectError::NotStored(Version::FIRST), "not-stored"),
            (ProjectError::NotParked { reason: "x".to_owned(), cause: "y".into() }, "not-parked"),
        ] {
            assert_eq!(class_of(&error.to_string()), class, "{error}");
        }
    }
}
