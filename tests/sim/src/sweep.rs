//! The exhaustive sweep: one client takes an order through its life, and every call of it fails once in every way; then
//! every pair of calls.

use std::{collections::BTreeMap, sync::Mutex};

use dekigoto_testkit::sim::{Fault, Journal};

use crate::{
    run::{Setup, run},
    swarm::{self, Totals},
};

/// The ways in which a call can fail.
pub(crate) const FAULTS: [Fault; 4] =
    [Fault::ErrBefore, Fault::ErrAfter, Fault::CrashBefore, Fault::CrashAfter];

/// The pairs of failures to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    All,
    /// So many of them, spread evenly.
    Sample(usize),
}

/// The result of the sweep.
pub(crate) struct Swept {
    /// Calls of the scenario when nothing fails.
    pub(crate) calls: usize,
    /// Runs in which one call failed. A call can have only the faults of its kind: a read that is done and whose reply
    /// is lost counts as a failed read.
    pub(crate) singles: usize,
    /// Pairs of failures that there are, and how many of them were tried.
    pub(crate) pairs: (usize, usize),
    pub(crate) totals: Totals,
}

/// Makes each call fail in each way, then pairs of calls.
pub(crate) fn sweep(pairs: Pairs) -> Swept {
    let base = run(&scenario(BTreeMap::new())).journal;
    let singles: Vec<Setup> = failures_after(&base, &BTreeMap::new());
    let (totals, seconds) = (Mutex::new(Totals::default()), Mutex::new(Vec::new()));
    swarm::each(&singles, |setup, outcome| {
        let first = setup.faults.as_ref().unwrap();
        seconds.lock().unwrap().extend(failures_after(&outcome.journal, first));
        totals.lock().unwrap().add(setup.seed, outcome);
    });
    let mut seconds = seconds.into_inner().unwrap();
    seconds.sort_by(|one, other| one.faults.cmp(&other.faults));
    let all = seconds.len();
    let tried = match pairs {
        Pairs::All => all,
        Pairs::Sample(size) => size.min(all),
    };
    let tried: Vec<Setup> = (0..tried).map(|it| seconds[it * all / tried].clone()).collect();
    let mut totals = totals.into_inner().unwrap();
    totals.merge(swarm::all(&tried));
    Swept { calls: base.at_risk.len(), singles: singles.len(), pairs: (all, tried.len()), totals }
}

/// The same faults, and one more: each that a later call of that run can have. Calls after a failure have other numbers
/// than without it, so the second failure is chosen from the calls of the run with the first one.
fn failures_after(journal: &Journal, faults: &BTreeMap<u64, Fault>) -> Vec<Setup> {
    let last = faults.last_key_value().map_or(0, |(call, _)| *call);
    let later = (1..).zip(&journal.at_risk).filter(|(call, _)| *call > last);
    let ways = later.flat_map(|(call, site)| {
        FAULTS.into_iter().filter(|fault| site.menu.contains(fault)).map(move |it| (call, it))
    });
    let more = |(call, fault)| {
        let mut faults = faults.clone();
        faults.insert(call, fault);
        scenario(faults)
    };
    ways.map(more).collect()
}

fn scenario(faults: BTreeMap<u64, Fault>) -> Setup {
    Setup { seed: 1, faults: Some(faults), is_sweep: true, ..Setup::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_that_the_sweep_plans_happens() {
        let base = run(&scenario(BTreeMap::new())).journal;
        let singles = failures_after(&base, &BTreeMap::new());
        // Every 20th, and its first and last pairs.
        for single in singles.iter().step_by(20) {
            let first = single.faults.as_ref().unwrap();
            let outcome = run(single);
            assert_eq!(outcome.journal.fired.len(), 1, "{first:?}");
            let pairs = failures_after(&outcome.journal, first);
            for pair in pairs.first().into_iter().chain(pairs.last()) {
                let fired = run(pair).journal.fired;
                assert_eq!(fired.len(), 2, "{:?}", pair.faults);
            }
        }
    }
}
