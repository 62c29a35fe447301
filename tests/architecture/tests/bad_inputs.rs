//! Every test in `tests/BAD_INPUTS.md` exists.

use std::fs;

use crate::test_names::{root, test_names};

/// Rows of the table.
const ROWS: usize = 74;

#[test]
fn every_bad_input_names_existing_tests() {
    let tests = test_names();
    let table = fs::read_to_string(root().join("tests/BAD_INPUTS.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| |"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), ROWS);
    for row in &rows {
        for name in row[4].split(", ").map(|name| name.trim_matches('`')) {
            assert!(tests.contains(name), "row {}: no test is called {name:?}", row[1]);
        }
    }
}
