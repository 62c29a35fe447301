//! The table of REFERENCE.md, and the rules that it must keep.

use std::{fs, path::Path};

use dekigoto_testkit::grouped;

use crate::{
    operations::{OPERATIONS, Operation, Rule},
    scenario::OTHERS_MIN,
    table::Used,
};

const BEGIN: &str = "<!-- growth:begin -->\n";
const END: &str = "<!-- growth:end -->";

/// How much a share of fixed work and rounding may differ.
const SLACK: f64 = 1.1;

/// What every operation uses beside so many other streams, on a stream of so many commits.
pub(crate) struct Column {
    streams: usize,
    commits: u32,
    used: Vec<Used>,
}

impl Column {
    pub(crate) fn of(streams: usize, commits: u32, used: Vec<Used>) -> Self {
        assert_eq!(used.len(), OPERATIONS.len());
        Self { streams, commits, used }
    }

    fn title(&self) -> String {
        match (self.streams, self.commits) {
            (streams, 1) => format!("{} streams", grouped(streams)),
            // The cancellation adds one.
            (_, commits) => {
                format!("{} commits", grouped(commits + 1))
            }
        }
    }
}

impl Used {
    pub(crate) fn for_each(self, count: usize) -> Self {
        let count = f64::from(u32::try_from(count).unwrap());
        Self {
            requests: self.requests / count,
            write_units: self.write_units / count,
            read_units: self.read_units / count,
            round_trips: self.round_trips / count,
        }
    }

    fn is_at_most(self, other: Self) -> bool {
        self.requests <= other.requests * SLACK
            && self.write_units <= other.write_units * SLACK
            && self.read_units <= other.read_units * SLACK
            && self.round_trips <= other.round_trips * SLACK
    }

    fn text(self) -> String {
        let parts = [
            (self.requests, "req"),
            (self.write_units, "W"),
            (self.read_units, "R"),
            (self.round_trips, "deep"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0.0);
        let parts: Vec<String> =
            parts.map(|(number, unit)| format!("{} {unit}", short(*number))).collect();
        parts.join(" · ")
    }
}

/// Fails if an operation breaks its rule.
pub(crate) fn check(columns: &[Column]) {
    let mut broken = Vec::new();
    for (place, Operation { what, rule, .. }) in OPERATIONS.iter().enumerate() {
        let least = columns[0].used[place];
        for column in &columns[1..] {
            let (used, title) = (column.used[place], column.title());
            let holds = match rule {
                Rule::Same => used == least,
                Rule::NotMore => used.is_at_most(least),
                Rule::WithCommits if column.streams > OTHERS_MIN => used == least,
                Rule::WithCommits => !used.is_at_most(least),
            };
            if !holds {
                broken.push(format!(
                    "{what}: {} with {title}; {} at first",
                    used.text(),
                    least.text()
                ));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// Fails if the table of REFERENCE.md has other numbers in these columns.
pub(crate) fn compare(columns: &[Column]) {
    let text = fs::read_to_string(reference()).unwrap();
    let (_, rest) = text.split_once(BEGIN).unwrap();
    let (table, _) = rest.split_once(END).unwrap();
    let mut lines = table.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let titles = lines.next().unwrap();
    for (line, (place, operation)) in lines.skip(1).zip(OPERATIONS.iter().enumerate()) {
        assert_eq!(line[1], operation.what);
        for column in columns {
            let at = titles.iter().position(|title| *title == column.title()).unwrap();
            let found = column.used[place].text();
            let advice = "`make growth` writes the table";
            assert_eq!(line[at], found, "{}, {}: {advice}", operation.what, column.title());
        }
    }
}

/// Writes the table into REFERENCE.md.
pub(crate) fn write(columns: &[Column]) {
    let titles: Vec<String> = columns.iter().map(Column::title).collect();
    let mut table = format!("| an operation | {} | what grows, and why |\n", titles.join(" | "));
    table += &format!("|{}\n", "---|".repeat(columns.len() + 2));
    for (place, Operation { what, why, .. }) in OPERATIONS.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| column.used[place].text()).collect();
        table += &format!("| {what} | {} | {why} |\n", cells.join(" | "));
    }
    println!("{table}");
    let text = fs::read_to_string(reference()).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    fs::write(reference(), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}

fn reference() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../REFERENCE.md")
}

/// With at most three significant decimals.
fn short(number: f64) -> String {
    let text = if number < 0.1 { format!("{number:.4}") } else { format!("{number:.2}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
