//! The versions that a row folded from the store and that no message has brought.
//!
//! A view closes a gap from the store at once, because messages overtake each other. So its watermark does not say that a
//! commit was published. These versions are the rest: usually their messages arrive a moment later. Those that never arrive
//! belong to commits that the relay never got, and the [sweeper](crate::sweep) publishes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Envelope;

/// Ranges that are kept of one stream. With more, the newest are kept as one, and the sweeper may publish a commit twice.
const RANGES_MAX: usize = 32;

/// Ranges of versions, by aggregate type: the first and last version of each, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Unheard(BTreeMap<String, Vec<(u64, u64)>>);

impl Unheard {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, event: &Envelope) -> bool {
        let version = event.version.get();
        let mut ranges = self.0.get(&event.aggregate_type).into_iter().flatten();
        ranges.any(|(first, last)| (*first..=*last).contains(&version))
    }

    /// Adds the versions of a stream behind `before` and up to `last` that no message has brought.
    pub(super) fn add(
        &mut self,
        aggregate_type: &str,
        (before, last): (u64, u64),
        heard: &BTreeSet<u64>,
    ) {
        let mut first = before + 1;
        if last < first {
            return;
        }
        for version in heard.range(first..=last).copied().chain([last + 1]) {
            if first < version {
                self.push(aggregate_type, first, version - 1);
            }
            first = version + 1;
        }
    }

    fn push(&mut self, aggregate_type: &str, first: u64, last: u64) {
        let ranges = self.0.entry(aggregate_type.to_owned()).or_default();
        let is_full = ranges.len() >= RANGES_MAX;
        match ranges.last_mut() {
            Some(newest) if is_full || newest.1 + 1 == first => newest.1 = last,
            Some(_) | None => ranges.push((first, last)),
        }
    }

    /// Removes a version, because a message has brought it.
    pub(super) fn hear(&mut self, aggregate_type: &str, version: u64) {
        let Some(ranges) = self.0.get_mut(aggregate_type) else { return };
        let holds = |(first, last): &(u64, u64)| (*first..=*last).contains(&version);
        let Some(place) = ranges.iter().position(holds) else { return };
        let Some((first, last)) = ranges.get(place).copied() else { return };
        let mut rest = Vec::new();
        if first < version {
            rest.push((first, version - 1));
        }
        if version < last {
            rest.push((version + 1, last));
        }
        if rest.len() > 1 && ranges.len() >= RANGES_MAX {
            return;
        }
        drop(ranges.splice(place..=place, rest));
        if ranges.is_empty() {
            self.0.remove(aggregate_type);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unheard: &Unheard) -> String {
        serde_json::to_string(unheard).unwrap()
    }

    #[test]
    fn versions_between_messages_are_unheard_until_their_messages_come() {
        let mut unheard = Unheard::default();
        unheard.add("Order", (2, 9), &BTreeSet::from([1, 5, 9, 12]));
        assert_eq!(text(&unheard), r#"{"Order":[[3,4],[6,8]]}"#);
        unheard.add("Order", (9, 11), &BTreeSet::from([11]));
        unheard.hear("Order", 7);
        assert_eq!(text(&unheard), r#"{"Order":[[3,4],[6,6],[8,8],[10,10]]}"#);
        for version in [6, 3, 4, 10, 8, 8, 100] {
            unheard.hear("Order", version);
        }
        assert!(unheard.is_empty());
    }

    #[test]
    fn all_messages_in_order_leave_nothing_unheard() {
        let mut unheard = Unheard::default();
        unheard.add("Order", (0, 3), &BTreeSet::from([1, 2, 3]));
        unheard.add("Order", (3, 3), &BTreeSet::from([2]));
        assert!(unheard.is_empty());
    }

    #[test]
    fn a_stream_has_a_bounded_number_of_ranges_and_forgets_no_version_s16() {
        let mut unheard = Unheard::default();
        let odd: BTreeSet<u64> = (1..1000).step_by(2).collect();
        unheard.add("Order", (0, 999), &odd);
        unheard.hear("Order", 500);
        let ranges = unheard.0.get("Order").unwrap();
        assert_eq!(ranges.len(), RANGES_MAX);
        for even in (2..1000).step_by(2) {
            assert!(ranges.iter().any(|(first, last)| (*first..=*last).contains(&even)), "{even}");
        }
    }
}
