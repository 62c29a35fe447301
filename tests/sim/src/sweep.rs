//! The exhaustive sweep: every call of an order's life fails once in every way; then every pair of calls. People take one
//! order through its life. The fulfilment policy carries two more: one is paid, confirms itself, and is shipped and
//! delivered; one is never paid, and is cancelled after its deadline. Two policies meet on a fourth: one confirms it and
//! the other cancels it, so that its payment is refunded.

use std::{collections::BTreeMap, sync::Mutex};

use dekigoto_testkit::sim::{Fault, Journal};

use crate::{
    fates::Fate,
    run::{Setup, run},
    swarm::{self, Totals},
};

/// The ways in which a call can fail.
pub(crate) const FAULTS: [Fault; 4] =
    [Fault::ErrBefore, Fault::ErrAfter, Fault::CrashBefore, Fault::CrashAfter];

/// An order whose calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What becomes of the order. `None` if people do everything.
    fate: Option<Fate>,
    /// Whether a second policy doubts it.
    is_doubted: bool,
}

/// Every order that is swept.
pub(crate) const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "people place, pay, confirm, ship and deliver it",
        fate: None,
        is_doubted: false,
    },
    Scenario {
        name: "it is paid, confirms itself, and is shipped and delivered",
        fate: Some(Fate::Paid),
        is_doubted: false,
    },
    Scenario {
        name: "nobody pays it, and it is cancelled after its deadline",
        fate: Some(Fate::Unpaid),
        is_doubted: false,
    },
    Scenario {
        name: "one policy confirms it while another cancels it, and it is refunded",
        fate: Some(Fate::Paid),
        is_doubted: true,
    },
];

/// The pairs of failures to try, of each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairs {
    All,
    /// So many of them, spread evenly.
    Sample(usize),
}

/// The result of the sweep of one order.
pub(crate) struct Swept {
    pub(crate) name: &'static str,
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
pub(crate) fn sweep(scenario: Scenario, pairs: Pairs) -> Swept {
    let base = run(&scenario.with(BTreeMap::new())).journal;
    let singles: Vec<Setup> = scenario.failures_after(&base, &BTreeMap::new());
    let (totals, seconds) = (Mutex::new(Totals::default()), Mutex::new(Vec::new()));
    swarm::each(&singles, |setup, outcome| {
        let first = setup.faults.as_ref().unwrap();
        seconds.lock().unwrap().extend(scenario.failures_after(&outcome.journal, first));
        totals.lock().unwrap().add(setup, outcome);
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
    let (calls, singles) = (base.at_risk.len(), singles.len());
    Swept { name: scenario.name, calls, singles, pairs: (all, tried.len()), totals }
}

impl Scenario {
    /// The same faults, and one more: each that a later call of that run can have. Calls after a failure have other
    /// numbers than without it, so the second failure is chosen from the calls of the run with the first one.
    fn failures_after(self, journal: &Journal, faults: &BTreeMap<u64, Fault>) -> Vec<Setup> {
        let last = faults.last_key_value().map_or(0, |(call, _)| *call);
        let later = (1..).zip(&journal.at_risk).filter(|(call, _)| *call > last);
        let ways = later.flat_map(|(call, site)| {
            FAULTS.into_iter().filter(|fault| site.menu.contains(fault)).map(move |it| (call, it))
        });
        let more = |(call, fault)| {
            let mut faults = faults.clone();
            faults.insert(call, fault);
            self.with(faults)
        };
        ways.map(more).collect()
    }

    fn with(self, faults: BTreeMap<u64, Fault>) -> Setup {
        let Self { fate, is_doubted, .. } = self;
        let faults = Some(faults);
        Setup { seed: 1, faults, is_sweep: true, fate, is_doubted, ..Setup::default() }
    }
}

#[cfg(test)]
mod tests {
    use dekigoto_testkit::sim::{DUE, LIST_ROWS, Site};

    use super::*;

    /// The calls that can fail, in the order of their numbers.
    fn calls(scenario: Scenario) -> Vec<&'static Site> {
        run(&scenario.with(BTreeMap::new())).journal.at_risk
    }

    /// How many calls there are of this kind.
    fn count(sites: &[&'static Site], site: &Site) -> usize {
        sites.iter().filter(|it| it.name == site.name).count()
    }

    #[test]
    fn every_failure_that_the_sweep_plans_happens() {
        for scenario in SCENARIOS {
            let base = run(&scenario.with(BTreeMap::new())).journal;
            let singles = scenario.failures_after(&base, &BTreeMap::new());
            // Every 20th, and its first and last pairs.
            for single in singles.iter().step_by(20) {
                let first = single.faults.as_ref().unwrap();
                let outcome = run(single);
                assert_eq!(outcome.journal.fired.len(), 1, "{first:?}");
                let pairs = scenario.failures_after(&outcome.journal, first);
                for pair in pairs.first().into_iter().chain(pairs.last()) {
                    let fired = run(pair).journal.fired;
                    assert_eq!(fired.len(), 2, "{}: {:?}", scenario.name, pair.faults);
                }
            }
        }
    }

    #[test]
    fn the_calls_of_the_ticker_fail_in_the_sweep_of_an_order_that_is_not_paid() {
        let unpaid = SCENARIOS.into_iter().find(|it| it.fate == Some(Fate::Unpaid)).unwrap();
        let sites = calls(unpaid);
        assert_eq!(count(&sites, &DUE), 1);
        // 18 minutes in 4 shards, and what clients list.
        assert!(count(&sites, &LIST_ROWS) >= 72);
    }

    #[test]
    fn an_order_that_policies_carry_without_failures_ends_well() {
        for fate in Fate::ALL {
            for is_doubted in [false, true] {
                let scenario = Scenario { name: "carried", fate: Some(fate), is_doubted };
                let outcome = run(&scenario.with(BTreeMap::new()));
                assert_eq!(outcome.wrong, [], "{fate:?}");
            }
        }
    }

    #[test]
    fn two_policies_meet_on_one_order() {
        let both = SCENARIOS.into_iter().find(|it| it.is_doubted).unwrap();
        let outcome = run(&both.with(BTreeMap::new()));
        assert!(outcome.journal.marks.contains("a policy cancelled what another had confirmed"));
    }
}
