//! The README's cost table shows the results of `make bench`, and all budgets hold.

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
fn the_readme_shows_the_measured_costs() {
    let shown = read("README.md");
    let measured = readme::with_table(&shown, &results()).expect("the markers are there");
    assert_eq!(shown, measured, "run `make bench`");
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
