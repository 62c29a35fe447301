//! `tests/BAD_INPUTS.md` names tests that are there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_bad_input_names_tests_that_are_there() {
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
    assert!(rows.len() >= 47, "{} rows", rows.len());
    for row in &rows {
        let named: Vec<&str> = row[4].split(", ").map(|name| name.trim_matches('`')).collect();
        for name in named {
            assert!(tests.contains(name), "row {}: no test is called {name:?}", row[1]);
        }
    }
}

/// The names of all functions in Rust and Python sources below the folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, names);
            }
            continue;
        }
        let is_source = path.extension().is_some_and(|it| it == "rs" || it == "py");
        if !is_source {
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source in UTF-8");
        let words: Vec<&str> = source.split_whitespace().collect();
        for pair in words.windows(2).filter(|pair| ["fn", "def"].contains(&pair[0])) {
            names.extend(pair[1].split(['(', '<']).next().map(str::to_owned));
        }
    }
}
