//! The names of all tests, for documents that name some.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Cases of a suite and rules of the template. One test runs all of them, so they have no `#[test]` attribute.
const CASES: [&str; 6] = [
    "any_damaged_or_missing_snapshot_changes_no_answer_s11",
    "a_key_is_remembered_by_snapshots_for_a_bounded_number_of_commits_s5",
    "the_api_is_throttled_and_logged",
    "the_api_cannot_starve_the_consumers",
    "the_stream_mapping_is_bounded",
    "a_missing_bus_has_an_alarm",
];

/// The names of all tests in Rust and Python.
pub(crate) fn test_names() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for folder in ["shared", "functions", "tests"] {
        collect(&root().join(folder), &mut tests);
    }
    tests
}

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Adds the names of the tests below the folder.
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
