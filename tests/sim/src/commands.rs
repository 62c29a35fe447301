//! The commands: check many seeds, repeat one seed, find the planted bugs.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    time::{Duration, Instant},
};

use dekigoto_testkit::sim::{Fault, Violation};

use crate::{
    bugs::{Bug, Wiring},
    judge,
    known::KNOWN,
    marks::MARKS,
    run::{Setup, run},
    shrink,
    swarm::{self, Totals},
    sweep::{self, Pairs, SCENARIOS, Scenario, Swept},
    tables,
};

/// The default number of seeds.
const SEEDS: u64 = 3000;

/// A run of at least this many seeds must reach every branch of `marks.rs`.
const MARKS_SEEDS_MIN: u64 = 1000;

/// Seeds within which every planted bug must be found.
const BUG_SEEDS_MAX: u64 = 2000;

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    seeds: Option<u64>,
    seed: Option<u64>,
    faults: Option<BTreeMap<u64, Fault>>,
    bug: Option<Bug>,
    hunts: bool,
    /// How many pairs of failures the sweep of each order tries. `None` means all.
    pairs: Option<usize>,
    writes: bool,
    /// What a run of the deployed system left behind.
    left: Option<String>,
}

impl Command {
    /// Reads `--seeds N`, `--seed N`, `--faults 1:ErrAfter,…`, `--bug Name`, `--bugs`, `--pairs N`, `--write` and `--judge FILE`.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut command = Self::default();
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{name} needs a value"));
            let number =
                |text: &String| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
            match name.as_str() {
                "--seeds" => command.seeds = Some(number(value()?)?),
                "--seed" => command.seed = Some(number(value()?)?),
                "--faults" => command.faults = Some(shrink::parse(value()?)?),
                "--bug" => command.bug = Some(value()?.parse()?),
                "--bugs" => command.hunts = true,
                "--pairs" => {
                    command.pairs = Some(number(value()?)?.try_into().unwrap_or(usize::MAX))
                }
                "--write" => command.writes = true,
                "--judge" => command.left = Some(value()?.clone()),
                _ => return Err(format!("{name} is no option; see tests/sim/README.md")),
            }
        }
        Ok(command)
    }

    pub(crate) fn run(&self) -> Result<(), String> {
        if let Some(path) = &self.left {
            return judge::judge(path);
        }
        match (self.seed, self.seeds) {
            (Some(seed), None | Some(1)) => self.repeat(seed),
            _ if self.hunts => self.hunt(),
            _ => self.check(),
        }
    }

    fn setup(&self, seed: u64) -> Setup {
        let (faults, wiring) = (self.faults.clone(), Wiring(self.bug));
        Setup { seed, faults, wiring, ..Setup::default() }
    }

    /// One seed, with its last steps.
    fn repeat(&self, seed: u64) -> Result<(), String> {
        let setup = Setup { keeps_steps: true, ..self.setup(seed) };
        let outcome = run(&setup);
        outcome.journal.steps().for_each(|step| println!("{step}"));
        let Violation { invariant, what } = match outcome.wrong.first() {
            Some(violation) => violation.clone(),
            None => {
                println!(
                    "seed {seed}: all holds; {} calls, known: {:?}",
                    outcome.calls, outcome.known
                );
                return Ok(());
            }
        };
        Err(format!("{invariant}: {what}\n{}", self.reproduction(seed, invariant)))
    }

    /// The line that repeats a failure with as few faults as possible.
    fn reproduction(&self, seed: u64, invariant: &str) -> String {
        let faults = shrink::shrink(&self.setup(seed), invariant);
        let bug = self.bug.map(|bug| format!(" BUG={bug}")).unwrap_or_default();
        format!("make sim SEED={seed}{bug} FAULTS={}", shrink::text(&faults))
    }

    /// Many seeds, the kept ones and the sweep.
    #[expect(clippy::disallowed_methods, reason = "what is measured is this machine's own time")]
    fn check(&self) -> Result<(), String> {
        let pairs = self.pairs.map_or(Pairs::All, Pairs::Sample);
        let swept: Vec<Swept> = SCENARIOS.into_iter().map(|it| swept_order(it, pairs)).collect();
        let first = self.seed.unwrap_or(1);
        let mut seeds: BTreeSet<u64> = kept()?;
        seeds.extend(first..first + self.seeds.unwrap_or(SEEDS));
        let setups: Vec<Setup> = seeds.into_iter().map(|seed| self.setup(seed)).collect();
        let begin = Instant::now();
        let totals = swarm::all(&setups);
        report(&totals, begin.elapsed());
        for swept in &swept {
            self.judge(&swept.totals, "the sweep")?;
        }
        self.judge(&totals, "the swarm")?;
        let missed: Vec<_> = MARKS.iter().filter(|mark| !totals.marks.contains(*mark)).collect();
        if !missed.is_empty() && self.seeds.is_none_or(|seeds| seeds >= MARKS_SEEDS_MIN) {
            return Err(format!("these branches were never reached: {missed:?}"));
        }
        if self.writes {
            let reference = tables::own("../../REFERENCE.md");
            tables::write(&reference, "sim", &tables::faults(&totals, &swept))?;
            let readme = tables::own("../../README.md");
            tables::write(&readme, "failures", &tables::kinds(&totals, &swept))?;
            tables::write(&tables::own("README.md"), "sweep", &tables::sweep(&swept))?;
        }
        Ok(())
    }

    fn judge(&self, totals: &Totals, what: &str) -> Result<(), String> {
        let Some((seed, Violation { invariant, what: why })) = totals.wrong.first_key_value()
        else {
            return Ok(());
        };
        if what == "the sweep" {
            return Err(format!("{what}: {invariant}: {why}"));
        }
        keep(&totals.wrong)?;
        let failed = totals.wrong.len();
        let line = self.reproduction(*seed, invariant);
        Err(format!("{failed} of {} seeds fail. {invariant}: {why}\n{line}", totals.runs))
    }

    /// Tries seeds until each planted bug is found.
    fn hunt(&self) -> Result<(), String> {
        let mut found = BTreeMap::new();
        for bug in Bug::ALL {
            let wiring = Wiring(Some(*bug));
            let shows = |seed: u64| {
                let outcome = run(&Setup { seed, wiring, ..Setup::default() });
                outcome.wrong.first().map(|violation| (seed, violation.invariant.to_owned()))
            };
            let Some((seeds, invariant)) = (1..=BUG_SEEDS_MAX).find_map(shows) else {
                return Err(format!("{bug} is not found within {BUG_SEEDS_MAX} seeds"));
            };
            println!("{bug}: {invariant} breaks at seed {seeds}");
            found.insert(*bug, (seeds, invariant));
        }
        if self.writes {
            tables::write(&tables::own("README.md"), "bugs", &tables::bugs(&found))?;
        }
        Ok(())
    }
}

/// Sweeps one order.
#[expect(clippy::disallowed_methods, reason = "what is measured is this machine's own time")]
fn swept_order(scenario: Scenario, pairs: Pairs) -> Swept {
    let begin = Instant::now();
    let swept = sweep::sweep(scenario, pairs);
    println!(
        "sweep, {}: {} calls, {} single failures, {} of {} pairs, {:.1} s",
        swept.name,
        swept.calls,
        swept.singles,
        swept.pairs.1,
        swept.pairs.0,
        begin.elapsed().as_secs_f64()
    );
    swept
}

fn report(totals: &Totals, took: Duration) {
    let seconds = took.as_secs_f64();
    let runs = u32::try_from(totals.runs).unwrap_or(u32::MAX);
    println!(
        "swarm: {} seeds with {} calls in {seconds:.1} s, {:.0} seeds a second",
        totals.runs,
        totals.calls,
        f64::from(runs) / seconds
    );
    for known in KNOWN {
        match totals.known.get(known.name) {
            Some(seed) => println!("known: {}, first at seed {seed}", known.name),
            None => println!("known, and not seen: {}", known.name),
        }
    }
}

/// Seeds that failed before.
fn kept() -> Result<BTreeSet<u64>, String> {
    let text = std::fs::read_to_string(tables::own("seeds.txt")).map_err(|it| it.to_string())?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let seed = |line: &str| line.split_whitespace().next().and_then(|seed| seed.parse().ok());
    lines.map(|line| seed(line).ok_or_else(|| format!("seeds.txt: {line:?}"))).collect()
}

/// Saves failed seeds, with the violated invariant.
fn keep(wrong: &BTreeMap<u64, Violation>) -> Result<(), String> {
    let known = kept()?;
    let file = std::fs::OpenOptions::new().append(true).open(tables::own("seeds.txt"));
    let mut file = file.map_err(|cause| cause.to_string())?;
    for (seed, violation) in wrong.iter().filter(|(seed, _)| !known.contains(seed)).take(5) {
        writeln!(file, "{seed} {}", violation.invariant).map_err(|cause| cause.to_string())?;
    }
    Ok(())
}
