//! The results as JSON and as a table, and the budgets.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    Failure,
    cases::Case,
    contention::{Contention, MESSAGES, WORKERS},
    measure::Measured,
    starts,
};

const BEGIN: &str = "<!-- lambda-bench:begin -->\n";
const END: &str = "<!-- lambda-bench:end -->";

/// The most writes that DynamoDB refuses once each projector has a part of the row of its own.
const REFUSED_MAX: usize = 0;

/// A case, what was measured, and the same of its bare Lambda.
pub(crate) struct Row<'a> {
    case: &'a Case,
    measured: &'a Measured,
    bare: Option<&'a Measured>,
}

/// A budget and what was measured.
struct Budget {
    what: &'static str,
    is: f64,
    most: f64,
}

impl<'a> Row<'a> {
    pub(crate) fn all(cases: &'a [Case], measured: &'a [Measured]) -> Vec<Self> {
        let of = |beside: &String| {
            let mut all = cases.iter().zip(measured);
            all.find(|(case, _)| case.what == *beside).map(|(_, measured)| measured)
        };
        let rows = cases.iter().zip(measured);
        rows.map(|(case, measured)| Row { case, measured, bare: case.beside.as_ref().and_then(of) })
            .collect()
    }

    /// The median of the ratios in each round, because a round's noise affects both.
    fn cpu_ratio(&self) -> Option<f64> {
        let pairs = self.measured.cpu.iter().zip(&self.bare?.cpu);
        Some(median(pairs.map(|(ours, bare)| ours / bare)))
    }

    fn instruction_ratio(&self) -> Option<f64> {
        Some(self.measured.instructions? / self.bare?.instructions?)
    }

    /// In write units: a read unit costs a fifth of one.
    fn price(&self) -> f64 {
        self.measured.write_units + self.measured.read_units / 5.0
    }

    fn budgets(&self) -> Vec<Budget> {
        let Measured { round_trips, .. } = *self.measured;
        let budgets = self.case.budgets;
        [
            ("CPU beside the bare Lambda", self.cpu_ratio(), budgets.cpu),
            ("round trips", Some(count(round_trips)), budgets.round_trips.map(count)),
            ("units, W + R/5", Some(self.price()), budgets.price),
        ]
        .into_iter()
        .filter_map(|(what, is, most)| Some(Budget { what, is: is?, most: most? }))
        .collect()
    }

    fn json(&self) -> Value {
        let Measured { instructions, calls, read_units, write_units, round_trips, at_once, .. } =
            self.measured;
        let budgets = self.budgets();
        let budgets = budgets.iter().map(|budget| {
            let Budget { what, is, most } = budget;
            json!({ "what": what, "is": is, "most": most, "holds": budget.holds() })
        });
        json!({
            "case": self.case.what,
            "function": self.case.function,
            "records": self.case.records,
            "cpuMicros": median(self.measured.cpu.iter().copied()),
            "instructions": instructions,
            "calls": calls,
            "readUnits": read_units,
            "writeUnits": write_units,
            "roundTrips": round_trips,
            "callsAtOnce": at_once,
            "beside": self.case.beside,
            "cpuRatio": self.cpu_ratio(),
            "instructionRatio": self.instruction_ratio(),
            "budgets": budgets.collect::<Value>(),
        })
    }

    fn line(&self) -> String {
        let Measured { instructions, calls, read_units, write_units, round_trips, at_once, .. } =
            self.measured;
        let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |it| format!("{it:.2}"));
        format!(
            "| {} | {:.0} | {} | {} | {} | {calls} | {write_units} | {read_units} | {round_trips} | {at_once} |\n",
            self.case.what,
            median(self.measured.cpu.iter().copied()),
            ratio(self.cpu_ratio()),
            instructions.map_or_else(String::new, |it| format!("{:.0}", it / 1000.0)),
            ratio(self.instruction_ratio()),
        )
    }
}

impl Budget {
    fn holds(&self) -> bool {
        self.is <= self.most
    }
}

/// Writes the results and the table, and says which budgets do not hold. True if all do.
pub(crate) fn report(
    rows: &[Row<'_>],
    contention: Contention,
    starts: &starts::Measured,
    json: &Path,
    page: &Path,
) -> Result<bool, Failure> {
    let cases = rows.iter().map(Row::json).collect::<Value>();
    let results =
        json!({ "cases": cases, "contention": contention.json(), "starts": starts.json() });
    if let Some(folder) = json.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(json, serde_json::to_string_pretty(&results)? + "\n")?;
    let table = table(rows) + "\n" + &contention.sentence() + "\n" + &starts.table();
    let text = fs::read_to_string(page)?;
    let missing = || format!("{} lacks the markers of the table", page.display());
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    fs::write(page, format!("{before}{BEGIN}{table}{END}{after}"))?;
    println!("{table}");
    let mut is_within = true;
    for row in rows {
        for budget in row.budgets().iter().filter(|budget| !budget.holds()) {
            let Budget { what, is, most } = budget;
            println!("over budget: {}: {what}: {is:.2}, at most {most}", row.case.what);
            is_within = false;
        }
    }
    if contention.refused.0 > REFUSED_MAX {
        println!("over budget: refused writes: {}, at most {REFUSED_MAX}", contention.refused.0);
        is_within = false;
    }
    for over in starts.over_budget() {
        println!("over budget: {over}");
        is_within = false;
    }
    Ok(is_within)
}

/// Says how long the functions take to start, and which budgets do not hold. True if all do.
pub(crate) fn starts(starts: &starts::Measured) -> Result<bool, Failure> {
    let over = starts.over_budget();
    println!("{}", starts.table());
    over.iter().for_each(|over| println!("over budget: {over}"));
    Ok(over.is_empty())
}

impl Contention {
    fn json(&self) -> Value {
        let of = |(refused, writes)| json!({ "refused": refused, "writes": writes });
        json!({
            "projectors": WORKERS,
            "messagesOfBatch": MESSAGES,
            "atFirst": of(self.refused_at_first),
            "steady": of(self.refused),
            "messagesRedelivered": self.redelivered,
            "writeUnitsOfEvent": self.write_units,
        })
    }

    fn sentence(&self) -> String {
        let (refused_at_first, writes_at_first) = self.refused_at_first;
        let (refused, writes) = self.refused;
        let Self { redelivered, write_units, .. } = self;
        format!(
            "{WORKERS} projectors of one day's sales, each with batches of {MESSAGES} messages: at first {refused_at_first} of \
             {writes_at_first} writes were refused; after that {refused} of {writes}, with {write_units:.2} W an event and \
             {redelivered} messages redelivered.\n"
        )
    }
}

fn table(rows: &[Row<'_>]) -> String {
    let heading = "| one invocation | CPU, µs | beside bare | instructions, thousands | beside bare | calls | W | R | round trips | at once |\n\
                   |---|---|---|---|---|---|---|---|---|---|\n";
    rows.iter().fold(heading.to_owned(), |table, row| table + &row.line())
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
