//! The cost table of REFERENCE.md shows the results of `make bench`, and all budgets hold.

use std::{fs, path::Path};

use serde_json::Value;

// The bench is a separate workspace, but the module that renders the table depends on JSON only.
#[path = "../../bench/stores/src/readme.rs"]
mod readme;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).expect("the file is there")
}

fn results() -> Value {
    serde_json::from_str(&read("tests/bench/stores/results.json")).expect("results are JSON")
}

#[test]
fn the_reference_shows_the_measured_costs() {
    let shown = read("REFERENCE.md");
    let measured = readme::with_table(&shown, &results()).expect("the markers are there");
    assert_eq!(shown, measured, "run `make bench`");
}

/// The README shows a few rows of the table, the same rows.
#[test]
fn the_readme_shows_rows_of_the_measured_costs() {
    let (readme, reference) = (read("README.md"), read("REFERENCE.md"));
    let rows = readme.split_once("<!-- costs:begin -->\n").expect("the marker is there").1;
    let rows = rows.split("<!-- costs:end -->").next().unwrap_or_default();
    assert!(rows.lines().count() > 3, "{rows}");
    for row in rows.lines() {
        assert!(reference.lines().any(|line| line == row), "REFERENCE.md has another row: {row}");
    }
}

#[test]
fn every_measured_cost_is_within_its_budget() {
    let results = results();
    let budgets = results["budgets"].as_array().expect("budgets are a list");
    assert!(!budgets.is_empty());
    for budget in budgets {
        assert!(budget["is"].as_f64() <= budget["most"].as_f64(), "{budget}");
    }
}
