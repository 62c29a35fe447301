//! What the simulator finds and is being mended. When a mend is merged, its line goes, and from then on the run fails if the
//! fault comes back.

use std::collections::BTreeSet;

use dekigoto_testkit::sim::{Journal, Violation};

use crate::nemesis::FORGED;

/// A known fault.
pub(crate) struct Known {
    /// Its name, with the finding's number.
    pub(crate) name: &'static str,
    invariants: &'static [&'static str],
    /// What its violations say.
    says: &'static str,
    /// What a run must have tried to show it, where only such a run can.
    tried: Option<&'static str>,
}

/// Hides the planted bug that keeps no time anywhere.
pub(crate) const RETRIES_KEEP_NO_TIME: &str =
    "7: the retry queue's invocations keep no time to settle";

/// The known faults.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        name: "1: a slow view table dead-letters healthy messages",
        invariants: &["L4"],
        says: "dead-lettered a healthy message in a long outage",
        tried: None,
    },
    Known {
        name: "5: a bus outage floods the topic",
        invariants: &["S16"],
        says: "went to the topic",
        tried: None,
    },
    Known {
        name: RETRIES_KEEP_NO_TIME,
        invariants: &["S16"],
        says: "relay of retries was stopped, though only",
        tried: None,
    },
    Known {
        name: "bad input: views believe a message of an event that the store does not have",
        invariants: &["S8", "L2", "S15"],
        says: "",
        tried: Some(FORGED),
    },
    Known {
        name: "12: an event of newer code is dead-lettered at once",
        invariants: &["L4"],
        says: "dead-lettered an event of newer code",
        tried: None,
    },
];

/// The names of the known faults among a run's violations, and the others.
pub(crate) fn sorted(journal: &Journal) -> (BTreeSet<&'static str>, Vec<Violation>) {
    let (mut names, mut others) = (BTreeSet::new(), Vec::new());
    for violation in &journal.violations {
        let is_it = |known: &&Known| {
            known.invariants.contains(&violation.invariant)
                && violation.what.contains(known.says)
                && known.tried.is_none_or(|tried| journal.tried.contains_key(tried))
        };
        match KNOWN.iter().find(is_it) {
            Some(known) => {
                names.insert(known.name);
            }
            None => others.push(violation.clone()),
        }
    }
    (names, others)
}
