//! Every test in `tests/BAD_INPUTS.md` exists.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Cases of a suite and rules of the template. One test runs all of them, so they have no `#[test]` attribute.
const CASES: [&str; 3] = [
    "any_damaged_or_missing_snapshot_changes_no_answer_s11",
    "a_key_is_remembered_by_snapshots_for_a_bounded_number_of_commits_s5",
    "the_api_is_throttled_and_logged",
];

/// Rows of the table.
const ROWS: usize = 55;

#[test]
fn every_bad_input_names_existing_tests() {
    let mut tests = BTreeSet::new();
    for folder in ["shared", "functions", "tests"] {
        collect(&root().join(folder), &mut tests);
    }
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

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of all tests in Rust and Python sources below the folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, names);
        }
        let extension = path.extension().and_then(|it| it.to_str());
        let is_test: fn(&[&str], &str) -> bool = match extension {
            Some("rs") => |above, name| has_attribute(above) || CASES.contains(&name),
            Some("py") => |_, name| name.starts_with("test_"),
            _ => continue,
        };
        let source = fs::read_to_string(&path).expect("a source in UTF-8");
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        for (place, line) in lines.iter().enumerate() {
            let Some((_, rest)) = line.split_once("fn ").or_else(|| line.split_once("def ")) else {
                continue;
            };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            if is_test(&lines[..place], name) {
                names.insert(name.to_owned());
            }
        }
    }
}

fn has_attribute(above: &[&str]) -> bool {
    let attributes = above.iter().rev().take_while(|line| line.starts_with("#["));
    attributes.into_iter().any(|line| line.ends_with("test]"))
}
