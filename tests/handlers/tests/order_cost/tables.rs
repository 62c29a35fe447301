//! The tables of README.md and REFERENCE.md.

use std::{fmt, fs, path::Path};

use super::{ours::alone, used::Used};

const BEGIN: &str = "<!-- order-cost:begin -->\n";
const END: &str = "<!-- order-cost:end -->";

/// What an order uses in one system at one scale.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) system: &'static str,
    pub(super) scale: &'static str,
    pub(super) used: Used,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Used {
            api_requests,
            requests,
            write_units,
            read_units,
            invocations,
            topic,
            topic_requests,
            bus,
            queues,
            queue_requests,
            log_bytes,
        } = self.used;
        write!(
            f,
            "| {} | {} | {:.1} |",
            self.system,
            self.scale,
            self.used.dollars_for_a_million()
        )?;
        let counts = [
            api_requests,
            requests,
            write_units,
            read_units,
            invocations,
            topic + bus + queues,
            topic_requests,
            queue_requests,
        ];
        counts.into_iter().try_for_each(|it| write!(f, " {} |", short(it)))?;
        write!(f, " {log_bytes:.0} |")
    }
}

/// With at most two decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Compares the tables of the documents with these lines, or writes them.
pub(super) fn compare(lines: &[Line]) {
    let head = "| an order | batches | $ a million | API requests | DynamoDB requests | write units | read units | \
                invocations | messages | requests of the topic | requests of queues | log bytes |\n\
                |---|---|---|---|---|---|---|---|---|---|---|---|\n";
    let all: String = lines.iter().map(|line| format!("{line}\n")).collect();
    shows("REFERENCE.md", &format!("{head}{all}"));
    shows("README.md", &short_table(lines));
}

/// The dollars alone.
fn short_table(lines: &[Line]) -> String {
    let mut table =
        "| $ for a million orders at list prices | alone | with full batches |\n|---|---|---|\n"
            .to_owned();
    for line in lines.iter().filter(|line| line.scale == alone().name) {
        let same = |it: &&Line| it.system == line.system && it.scale != line.scale;
        let Some(loaded) = lines.iter().find(same) else { continue };
        let dollars = [line, loaded].map(|it| it.used.dollars_for_a_million());
        table += &format!("| {} | {:.1} | {:.1} |\n", line.system, dollars[0], dollars[1]);
    }
    table
}

fn shows(document: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("WRITE_COST").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "`make order-cost` writes the table of {document}");
    }
}
