//! The table of findings in `tests/sim/README.md` names planted bugs and tests that exist.

use std::fs;

use crate::test_names::{root, test_names};

/// Findings that the table lists.
const FINDINGS: usize = 17;

#[test]
fn every_finding_names_a_planted_bug_or_a_test_that_exists() {
    let (tests, bugs) = (test_names(), planted_bugs());
    let readme = fs::read_to_string(root().join("tests/sim/README.md")).unwrap();
    let (_, table) = readme.split_once("<!-- findings:begin -->").unwrap();
    let (table, _) = table.split_once("<!-- findings:end -->").unwrap();
    let mut shown = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |")) {
        let row: Vec<&str> = line.split('|').map(str::trim).collect();
        let names = |place: usize| {
            let names = row[place].split(", ").map(|name| name.trim_matches('`'));
            names.filter(|name| !name.is_empty()).collect::<Vec<_>>()
        };
        let (bug, test) = (names(3), names(4));
        assert!(bug.len() + test.len() > 0, "nothing shows {}", row[1]);
        for name in bug {
            assert!(bugs.contains(&name.to_owned()), "{}: no bug {name:?} is planted", row[1]);
        }
        for name in test {
            assert!(tests.contains(name), "{}: no test is called {name:?}", row[1]);
        }
        shown.push(row[1].parse::<usize>().unwrap());
    }
    shown.dedup();
    assert_eq!(shown, (1..=FINDINGS).collect::<Vec<_>>());
}

/// The names in the list of planted bugs.
fn planted_bugs() -> Vec<String> {
    let path = root().join("tests/sim/src/bugs/mod.rs");
    let source = fs::read_to_string(path).expect("the list of planted bugs");
    let list = source.lines().skip_while(|line| *line != "bugs! {").skip(1);
    let list = list.take_while(|line| *line != "}");
    list.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}
