//! The sweep of orders that the policy carries: one is paid, confirms itself, and is shipped and delivered; one is never
//! paid, and is cancelled after its deadline. Every call of both fails once in every way, also those of the policy and of
//! its ticker.

use std::collections::BTreeMap;

use dekigoto_testkit::sim::{Fault, Site};

use crate::{
    fates::Fate,
    run::{Setup, run},
    swarm::{self, Totals},
    sweep::FAULTS,
};

/// The result of the sweep.
#[derive(Default)]
pub(crate) struct Carried {
    /// Calls of the two orders when nothing fails.
    pub(crate) calls: usize,
    /// Runs in which one call failed.
    pub(crate) singles: usize,
    pub(crate) totals: Totals,
}

/// Makes each call of the two orders fail in each way that it can.
pub(crate) fn sweep() -> Carried {
    let mut carried = Carried::default();
    for fate in [Fate::Paid, Fate::Unpaid] {
        let sites = calls(fate);
        let of_call = |(call, site): (u64, &&Site)| {
            let faults = FAULTS.into_iter().filter(|fault| site.menu.contains(fault));
            faults.map(|fault| scenario(fate, [(call, fault)].into())).collect::<Vec<_>>()
        };
        let setups: Vec<Setup> = (1..).zip(&sites).flat_map(of_call).collect();
        carried.calls += sites.len();
        carried.singles += setups.len();
        carried.totals.merge(swarm::all(&setups));
    }
    carried
}

/// The calls that can fail, in the order of their numbers.
fn calls(fate: Fate) -> Vec<&'static Site> {
    run(&scenario(fate, BTreeMap::new())).journal.at_risk
}

fn scenario(fate: Fate, faults: BTreeMap<u64, Fault>) -> Setup {
    Setup { seed: 1, faults: Some(faults), is_sweep: true, fate: Some(fate), ..Setup::default() }
}

#[cfg(test)]
mod tests {
    use dekigoto_testkit::sim::{DUE, LIST_ROWS};

    use super::*;

    /// How many calls there are of this kind.
    fn count(sites: &[&'static Site], site: &Site) -> usize {
        sites.iter().filter(|it| it.name == site.name).count()
    }

    #[test]
    fn the_calls_of_the_ticker_fail_in_the_sweep_of_an_order_that_is_not_paid() {
        let sites = calls(Fate::Unpaid);
        assert_eq!(count(&sites, &DUE), 1);
        // 18 minutes in 4 shards, and what clients list.
        assert!(count(&sites, &LIST_ROWS) >= 72);
    }

    #[test]
    fn an_order_that_is_carried_without_failures_ends_well() {
        for fate in Fate::ALL {
            let outcome = run(&scenario(fate, BTreeMap::new()));
            assert_eq!(outcome.wrong, [], "{fate:?}");
        }
    }
}
