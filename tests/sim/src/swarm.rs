//! Runs many seeds on all cores. Each run is one thread and independent of the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use dekigoto_testkit::sim::{Fault, Violation};

use crate::{
    run::{Outcome, Setup, run},
    shrink,
};

/// One seed in this many runs twice, and both traces must be equal.
const TWICE_EVERY: u64 = 25;

/// The results of many runs.
#[derive(Default)]
pub(crate) struct Totals {
    pub(crate) runs: u64,
    pub(crate) calls: u64,
    /// Runs in which something failed.
    pub(crate) failing: usize,
    pub(crate) marks: BTreeSet<&'static str>,
    pub(crate) faults: BTreeMap<Fault, u64>,
    pub(crate) tried: BTreeMap<&'static str, u64>,
    /// Known faults with the first seed that shows each.
    pub(crate) known: BTreeMap<&'static str, u64>,
    /// Seeds with violations.
    pub(crate) wrong: BTreeMap<u64, Violation>,
}

impl Totals {
    pub(crate) fn add(&mut self, setup: &Setup, outcome: Outcome) {
        let seed = setup.seed;
        let Outcome { journal, calls, wrong, known } = outcome;
        self.runs += 1;
        self.calls += calls;
        self.failing += usize::from(!journal.fired.is_empty());
        self.marks.extend(&journal.marks);
        for (_, _, fault) in &journal.fired {
            *self.faults.entry(*fault).or_default() += 1;
        }
        for (what, times) in &journal.tried {
            *self.tried.entry(what).or_default() += times;
        }
        for name in known {
            let first = self.known.entry(name).or_insert(seed);
            *first = seed.min(*first);
        }
        self.wrong
            .extend(wrong.into_iter().next().map(|violation| (seed, named(setup, violation))));
    }
}

impl Totals {
    /// Adds the faults and the violations.
    pub(crate) fn merge(&mut self, other: Self) {
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        self.wrong.extend(other.wrong);
    }
}

/// Runs these setups, and some of them twice.
pub(crate) fn all(setups: &[Setup]) -> Totals {
    let totals = Mutex::new(Totals::default());
    each(setups, |setup, outcome| totals.lock().unwrap().add(setup, outcome));
    totals.into_inner().unwrap()
}

/// Runs these setups, and some of them twice. `ended` gets each with its outcome, in any order.
pub(crate) fn each(setups: &[Setup], ended: impl Fn(&Setup, Outcome) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        while let Some(setup) = setups.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut outcome = run(setup);
            if setup.seed % TWICE_EVERY == 0 && !setup.is_sweep {
                compare(setup, &mut outcome);
            }
            ended(setup, outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
}

/// The violation, with its faults if they come from a sweep and not from the seed.
fn named(setup: &Setup, Violation { invariant, what }: Violation) -> Violation {
    let faults = setup.faults.as_ref().filter(|_| setup.is_sweep).map(shrink::text);
    let what = faults.map_or(what.clone(), |faults| format!("{what} (after {faults})"));
    Violation { invariant, what }
}

fn compare(setup: &Setup, outcome: &mut Outcome) {
    let again = run(setup);
    if again.journal.hash() != outcome.journal.hash() {
        let what = "the same seed did something else the second time".to_owned();
        outcome.wrong.insert(0, Violation { invariant: "determinism", what });
    }
}
