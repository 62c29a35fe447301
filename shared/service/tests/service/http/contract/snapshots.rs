//! Snapshots of every documented answer: one file for each operation, one section for each answer.
//! To accept a change, run `INSTA_UPDATE=always make unit` and review the difference before you commit it.

pub(super) mod cases;

use std::collections::BTreeSet;

use cases::{Case, of_no_operation, of_operations};

use super::document::Document;

#[tokio::test]
async fn the_cases_give_every_documented_answer_and_no_other() {
    let document = Document::get();
    let operations = document.operations();
    let cases = of_operations().await;
    let mut faults = Vec::new();
    for case in &cases {
        let operation = operations.iter().find(|it| it.id == case.operation).unwrap();
        let found = document.faults_of(operation, &case.answer);
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", case.title())));
    }
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));

    let seen: BTreeSet<String> = cases.iter().map(Case::kind).collect();
    let mut promised = BTreeSet::new();
    for operation in &operations {
        for status in operation.block["responses"].as_object().unwrap().keys() {
            let status: u16 = status.parse().unwrap();
            let answer = document.answer(operation, status);
            let codes = document.codes(answer);
            promised.extend(codes.iter().map(|code| format!("{} {status} {code}", operation.id)));
            if status < 300 {
                promised.insert(format!("{} {status} done", operation.id));
            }
        }
    }
    let missing: Vec<_> = promised.symmetric_difference(&seen).collect();
    assert!(missing.is_empty(), "only in one of document and cases: {missing:#?}");
}

#[tokio::test]
async fn every_answer_matches_its_snapshot() {
    let mut cases = of_operations().await;
    cases.extend(of_no_operation().await);
    let titles: BTreeSet<String> = cases.iter().map(Case::title).collect();
    assert_eq!(titles.len(), cases.len(), "two cases of an operation have the same name");
    let operations: BTreeSet<&str> = cases.iter().map(|case| case.operation).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for operation in &operations {
        let sections = cases.iter().filter(|case| case.operation == *operation).map(Case::section);
        insta::assert_snapshot!(*operation, sections.collect::<Vec<_>>().join("\n"));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/http/contract/snapshots");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let files = files.filter_map(|name| name.to_str()?.strip_suffix(".snap").map(str::to_owned));
    let files: BTreeSet<String> = files.collect();
    assert!(files.iter().eq(operations), "a snapshot without an operation: {files:?}");
}
