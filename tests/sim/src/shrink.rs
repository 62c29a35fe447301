//! Shrinks a failure: removes faults while the run still fails in the same way.

use std::collections::BTreeMap;

use dekigoto_testkit::sim::Fault;

use crate::run::{Outcome, Setup, run};

/// The most runs for shrinking.
const RUNS_MAX: usize = 400;

/// The smallest found set of faults with which the setup breaks the same invariant.
pub(crate) fn shrink(setup: &Setup, invariant: &str) -> BTreeMap<u64, Fault> {
    let fired = run(setup).journal.fired;
    let mut faults: Vec<(u64, Fault)> =
        fired.into_iter().map(|(call, _, fault)| (call, fault)).collect();
    let breaks = |faults: &[(u64, Fault)]| {
        let faults = Some(faults.iter().copied().collect());
        let Outcome { wrong, .. } = run(&Setup { faults, ..setup.clone() });
        wrong.iter().any(|violation| violation.invariant == invariant)
    };
    let (mut size, mut runs) = (faults.len().div_ceil(2).max(1), 0);
    while runs < RUNS_MAX {
        let before = faults.len();
        let mut place = 0;
        while place < faults.len() && runs < RUNS_MAX {
            let mut fewer = faults.clone();
            fewer.drain(place..(place + size).min(faults.len()));
            runs += 1;
            if breaks(&fewer) {
                faults = fewer;
            } else {
                place += size;
            }
        }
        if size == 1 && faults.len() == before {
            break;
        }
        size = (size / 2).max(1);
    }
    faults.into_iter().collect()
}

/// Formats faults for the command line: `17:ErrAfter,40:CrashBefore`.
pub(crate) fn text(faults: &BTreeMap<u64, Fault>) -> String {
    let each = faults.iter().map(|(call, fault)| format!("{call}:{fault}"));
    each.collect::<Vec<_>>().join(",")
}

/// Reads them.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<u64, Fault>, String> {
    let mut faults = BTreeMap::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (call, fault) = part.split_once(':').ok_or_else(|| format!("{part:?} is no fault"))?;
        let call = call.parse().map_err(|_| format!("{call:?} is no call"))?;
        faults.insert(call, fault.parse()?);
    }
    Ok(faults)
}
