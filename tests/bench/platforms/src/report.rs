//! The table of REFERENCE.md.

use std::{fmt::Write as _, fs, path::Path};

use crate::turns::Row;

/// Prints the rows, and writes them into REFERENCE.md between these markers.
pub(crate) fn write(marker: &str, rows: &[Row]) {
    let (begin, end) = (format!("<!-- {marker}:begin -->\n"), format!("<!-- {marker}:end -->"));
    let table = table(rows);
    print!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../REFERENCE.md");
    let text = fs::read_to_string(&path).expect("REFERENCE.md is readable");
    let (before, rest) = text.split_once(&begin).expect("REFERENCE.md has the markers");
    let (_, after) = rest.split_once(&end).expect("REFERENCE.md has the markers");
    fs::write(path, format!("{before}{begin}{table}{end}{after}"))
        .expect("REFERENCE.md is writable");
}

fn table(rows: &[Row]) -> String {
    let mut table = "| what | beside | ours, a second | beside, a second | ratio | budget |\n|---|---|---|---|---|---|\n".to_owned();
    let number = |rate: Option<f64>| rate.map_or(String::new(), |it| format!("{it:.0}"));
    let ratio = |ratio: Option<f64>| ratio.map_or(String::new(), |it| format!("{it:.2}"));
    for row in rows {
        let (ours, theirs) = (number(Some(row.ours)), number(row.theirs));
        let (of, budget) = (ratio(row.ratio()), ratio(row.budget));
        let _ = writeln!(
            table,
            "| {} | {} | {ours} | {theirs} | {of} | {budget} |",
            row.what, row.bare
        );
    }
    table
}
