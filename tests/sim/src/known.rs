//! The known faults: what the simulator finds and nobody has mended yet. Whoever mends one deletes its line, and from
//! then on the run fails if the fault comes back.

use std::collections::BTreeSet;

use dekigoto_testkit::sim::{Journal, Violation};

/// A known fault.
pub(crate) struct Known {
    /// What it is.
    pub(crate) name: &'static str,
    invariants: &'static [&'static str],
    /// A text in its violations.
    says: &'static str,
    /// The action that a run needs to show it, if any.
    pub(crate) tried: Option<&'static str>,
}

/// The known faults.
pub(crate) const KNOWN: &[Known] = &[];

/// Splits a run's violations into the names of known faults and the unknown violations.
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
