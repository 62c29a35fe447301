//! The tables in the documentation, between their markers.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use dekigoto_testkit::{grouped, sim::Fault};

use crate::{bugs::Bug, known::KNOWN, swarm::Totals, sweep::Swept};

/// A file of this package.
pub(crate) fn own(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The kinds of failures in README.md.
const KINDS: [&str; 3] = [
    "a call is refused, late, slow, without an answer, or done and its reply lost",
    "a function dies before or after a call",
    "a batch is taken in part, or a message comes twice or never",
];

/// The table in README.md: kinds of failures, how often each was tried, and what was lost.
pub(crate) fn kinds(totals: &Totals, swept: &[Swept]) -> String {
    let mut tried = [0; KINDS.len()];
    for fault in Fault::ALL {
        let kind = match fault {
            Fault::ErrBefore | Fault::ErrAfter | Fault::Late | Fault::Delay | Fault::Hang => 0,
            Fault::CrashBefore | Fault::CrashAfter => 1,
            Fault::Partial | Fault::Twice | Fault::Lose => 2,
        };
        tried[kind] += times(fault, totals, swept);
    }
    let mut table = "| simulated failure | tried | lost |\n|---|---|---|\n".to_owned();
    for (kind, times) in KINDS.iter().zip(tried) {
        table += &format!("| {kind} | {} | nothing |\n", grouped(times));
    }
    table
}

fn times(fault: Fault, totals: &Totals, swept: &[Swept]) -> u64 {
    let all = swept.iter().map(|it| &it.totals).chain([totals]);
    all.map(|it| it.faults.get(&fault).copied().unwrap_or(0)).sum()
}

/// The table in REFERENCE.md: faults, how often each was tried, and what was lost.
pub(crate) fn faults(totals: &Totals, swept: &[Swept]) -> String {
    let mut table = "| what goes wrong | tried | lost |\n|---|---|---|\n".to_owned();
    let mut line = |what: &str, times: u64| {
        let is_known = KNOWN.iter().any(|known| known.tried == Some(what));
        let lost = if is_known { "see below" } else { "nothing" };
        table += &format!("| {what} | {} | {lost} |\n", grouped(times));
    };
    for fault in Fault::ALL {
        line(fault.sentence(), times(fault, totals, swept));
    }
    for (what, times) in &totals.tried {
        line(what, *times);
    }
    let sum = |of: fn(&Swept) -> usize| grouped(swept.iter().map(of).sum::<usize>());
    table += &format!(
        "\n{} runs with {} calls. Before them, each call of {} orders fails once in every way that it can ({} runs), and {} \
         pairs of failures happen in one run: [the sweep](tests/sim/README.md#what-can-fail).\n",
        grouped(totals.runs),
        grouped(totals.calls),
        swept.len(),
        sum(|it| it.singles),
        sum(|it| it.pairs.1),
    );
    let known: Vec<&str> = totals.known.keys().copied().collect();
    if !known.is_empty() {
        table += &format!(
            "\nThe simulator also finds a fault that is not mended yet: {}.\n",
            known.join("; ")
        );
    }
    table
}

/// The sizes of the sweep.
pub(crate) fn sweep(swept: &[Swept]) -> String {
    let mut table = "| an order | calls | runs in which one of them fails | runs in which two fail |\n|---|---|---|---|\n".to_owned();
    for Swept { name, calls, singles, pairs, .. } in swept {
        let (all, tried) = pairs;
        let pairs = format!("{} of {}", grouped(*tried), grouped(*all));
        table += &format!("| {name} | {calls} | {} | {pairs} |\n", grouped(*singles));
    }
    table
}

/// The table of planted bugs.
pub(crate) fn bugs(found: &BTreeMap<Bug, (u64, String)>) -> String {
    let mut table = "| planted bug | seeds until found | breaks |\n|---|---|---|\n".to_owned();
    for (bug, (seeds, invariant)) in found {
        table += &format!("| `{bug}`: {} | {seeds} | {invariant} |\n", bug.sentence());
    }
    table
}

/// Puts the table between the markers `<!-- name:begin -->` and `<!-- name:end -->` of a file.
pub(crate) fn write(path: &Path, name: &str, table: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|cause| cause.to_string())?;
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let lost = || format!("{} has lost its markers of {name}", path.display());
    let (before, rest) = text.split_once(&begin).ok_or_else(lost)?;
    let (_, after) = rest.split_once(&end).ok_or_else(lost)?;
    std::fs::write(path, format!("{before}{begin}{table}{end}{after}"))
        .map_err(|cause| cause.to_string())
}
