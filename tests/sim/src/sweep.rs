//! The exhaustive sweep: one client places, pays, confirms and ships an order, and every call of it fails once in every
//! way; then pairs of failures.

use std::collections::BTreeMap;

use dekigoto_testkit::sim::{Dice, Fault};

use crate::{
    run::{Setup, run},
    swarm::{self, Totals},
};

/// The ways in which a call can fail.
pub(crate) const FAULTS: [Fault; 4] =
    [Fault::ErrBefore, Fault::ErrAfter, Fault::CrashBefore, Fault::CrashAfter];

/// The result of the sweep.
pub(crate) struct Swept {
    /// Calls of the scenario when nothing fails.
    pub(crate) calls: u64,
    /// Runs in which one call failed. A call can have only the faults of its kind: a read that is done and whose reply
    /// is lost counts as a failed read.
    pub(crate) singles: usize,
    /// Runs with two planned failures.
    pub(crate) pairs: usize,
    pub(crate) totals: Totals,
}

/// Makes each call fail in each way, then `pairs` pairs of calls.
pub(crate) fn sweep(pairs_max: usize) -> Swept {
    let calls = run(&scenario(BTreeMap::new())).calls;
    let faults = (1..=calls).flat_map(|call| FAULTS.map(|fault| (call, fault)));
    let faults: Vec<(u64, Fault)> = faults.collect();
    let single = |fault: &(u64, Fault)| scenario([*fault].into_iter().collect());
    let mut totals = swarm::all(&faults.iter().map(single).collect::<Vec<_>>());
    let singles = totals.failing;
    let pairs = pairs(&faults, pairs_max);
    totals.merge(swarm::all(&pairs));
    Swept { calls, singles, pairs: pairs.len(), totals }
}

/// Pairs, spread evenly over all pairs.
fn pairs(singles: &[(u64, Fault)], pairs_max: usize) -> Vec<Setup> {
    let mut dice = Dice::new(1, 1);
    let pair = |_| {
        let (one, other) = (*dice.pick(singles), *dice.pick(singles));
        scenario([one, other].into_iter().collect())
    };
    (0..pairs_max).map(pair).collect()
}

fn scenario(faults: BTreeMap<u64, Fault>) -> Setup {
    Setup { seed: 1, faults: Some(faults), is_sweep: true, ..Setup::default() }
}
