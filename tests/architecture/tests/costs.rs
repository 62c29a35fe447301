//! The README's cost table is what `make bench` measured, and every budget held.

use std::{fs, path::Path};

use serde_json::Value;

// The bench is a workspace of its own; what makes the table from the results has no dependency but JSON.
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
fn the_readme_shows_the_costs_that_were_measured() {
    let shown = read("README.md");
    let measured = readme::with_table(&shown, &results()).expect("the markers are there");
    assert_eq!(shown, measured, "run `make bench`");
}

#[test]
fn every_budget_held_when_it_was_measured() {
    let results = results();
    let budgets = results["budgets"].as_array().expect("budgets are a list");
    assert!(!budgets.is_empty());
    for budget in budgets {
        assert!(budget["is"].as_f64() <= budget["most"].as_f64(), "{budget}");
    }
}
