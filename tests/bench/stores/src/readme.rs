//! Renders the cost table in REFERENCE.md from `results.json` alone, so that a test of the workspace can check it.

use serde_json::Value;

const BEGIN: &str = "<!-- bench:begin -->\n";
const END: &str = "<!-- bench:end -->";

/// The page with the table between its markers; `None` if a marker is missing.
pub(crate) fn with_table(readme: &str, results: &Value) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{}{END}{after}", table(results)))
}

fn table(results: &Value) -> String {
    let mut lines = Vec::new();
    for (number, row) in rows(results).iter().enumerate() {
        lines.push(format!("| {} |\n", row.join(" | ")));
        if number == 0 {
            lines.push(format!("|{}\n", "---|".repeat(row.len())));
        }
    }
    lines.push("\n".to_owned());
    for store in list(&results["stores"]) {
        lines.push(format!("* **{}**: {}.\n", named(store), text(&store["used"])));
    }
    lines.concat()
}

/// A store's name with its version.
pub(crate) fn named(store: &Value) -> String {
    format!("{} {}", text(&store["name"]), text(&store["version"])).trim_end().to_owned()
}

/// The table's cells: a heading, then a row for each case.
pub(crate) fn rows(results: &Value) -> Vec<Vec<String>> {
    let names = list(&results["stores"]).iter().map(|store| text(&store["name"]).to_owned());
    let heading = std::iter::once(String::new()).chain(names).collect();
    let cases = list(&results["cases"]).iter().map(|case| {
        let costs = list(&case["costs"]).iter().map(cell);
        std::iter::once(text(&case["case"]).to_owned()).chain(costs).collect()
    });
    std::iter::once(heading).chain(cases).collect()
}

fn cell(cost: &Value) -> String {
    let parts = [("requests", "req"), ("writeUnits", "W"), ("readUnits", "R")];
    let parts = parts.map(|(field, unit)| (short(&cost[field]), unit));
    let parts = parts.iter().filter(|(number, _)| number != "0");
    let parts: Vec<_> = parts.map(|(number, unit)| format!("{number} {unit}")).collect();
    let note = cost["note"].as_str().map(|note| format!(", {note}"));
    parts.join(" · ") + &note.unwrap_or_default()
}

/// A number with up to two decimals, without trailing zeros.
pub(crate) fn short(number: &Value) -> String {
    let number = format!("{:.2}", number.as_f64().unwrap_or(f64::NAN));
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
