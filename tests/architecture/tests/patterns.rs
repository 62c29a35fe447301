//! The tables of patterns and of failures in REFERENCE.md name files and tests that exist.

use std::{fs, path::Path};

#[test]
fn the_table_of_patterns_names_files_and_tests_that_exist() {
    check("## Patterns of event-driven architecture, and where they are");
}

#[test]
fn the_table_of_failures_names_files_and_tests_that_exist() {
    check("## Failures of stores and buses");
}

fn check(heading: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("REFERENCE.md")).expect("the reference is there");
    let (_, rest) = readme.split_once(heading).expect("the reference has the table");
    let table = rest.split("\n## ").next().unwrap_or_default();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let names: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let mut file = String::new();
        for name in names {
            if name.contains('/') || name.contains('.') {
                let path = root.join(name);
                assert!(path.exists(), "{name} does not exist");
                file = fs::read_to_string(path).unwrap_or_default();
            } else {
                assert!(file.contains(&format!("fn {name}(")), "{row}: no such test");
            }
        }
    }
}
