//! The known faults: what the simulator finds and nobody has mended yet. Whoever mends one deletes its line, and from then on
//! the run fails if the fault comes back.

use std::collections::BTreeSet;

use dekigoto_testkit::sim::{Journal, Violation};

use crate::nemesis::FORGED;

/// A known fault.
pub(crate) struct Known {
    /// What it is.
    pub(crate) name: &'static str,
    invariants: &'static [&'static str],
    /// What its violations say.
    says: &'static str,
    /// What a run must have tried to show it, where only such a run can.
    pub(crate) tried: Option<&'static str>,
}

/// The known faults.
pub(crate) const KNOWN: &[Known] = &[Known {
    name: "views believe a message whose event the store does not have",
    invariants: &["S8", "L2", "S15"],
    says: "",
    tried: Some(FORGED),
}];

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
