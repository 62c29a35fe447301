//! The files of the contract in the repository: compared with what the code makes, or written by `make contract`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{asyncapi, catalogue::repository, compatible, picture, samples, schemas, text};

const SCHEMAS: &str = "infra/schemas";

/// Every file of the contract, by its path in the repository.
fn wanted() -> BTreeMap<PathBuf, String> {
    let schemas = schemas::files().into_iter();
    let schemas =
        schemas.map(|(name, schema)| (Path::new(SCHEMAS).join(name), text::pretty(&schema)));
    let asyncapi = ("infra/asyncapi.json".into(), text::pretty(&asyncapi::document()));
    let picture = ("infra/site/architecture.svg".into(), picture::svg());
    schemas.chain([asyncapi, picture]).chain(samples::files()).collect()
}

/// The published schemas, by their file names.
fn published() -> BTreeMap<String, Value> {
    let entries = fs::read_dir(repository().join(SCHEMAS)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    };
    paths.map(read).collect()
}

/// How what the code makes breaks readers of what is published.
fn breaks(published: &BTreeMap<String, Value>, made: &BTreeMap<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for (file, old) in published {
        let event = file.trim_end_matches(".json");
        match made.get(file) {
            Some(new) => found.extend(compatible::breaks(event, old, new)),
            None => found.push(format!("{event} was removed, but events of it are stored.")),
        }
    }
    found
}

/// Set by `make contract`.
fn is_writing() -> bool {
    std::env::var_os("WRITE_CONTRACT").is_some()
}

#[test]
fn the_contract_in_the_repository_is_compatible_and_current() {
    let breaks = breaks(&published(), &schemas::files().into_iter().collect());
    assert!(breaks.is_empty(), "{}\n{}", breaks.join("\n"), compatible::ADVICE);
    for (path, text) in wanted() {
        let file = repository().join(&path);
        if is_writing() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let is_current = fs::read_to_string(file).is_ok_and(|old| old == text);
        assert!(is_current, "{} is not what the code says: run `make contract`", path.display());
    }
}

/// Each line changes the schemas that the code makes as an engineer could, and must be noticed.
#[test]
fn a_change_of_a_published_schema_is_noticed() {
    let file = "OrderConfirmed.v1.json";
    type Change = fn(&mut BTreeMap<String, Value>);
    let changes: [(&str, Change); 4] = [
        ("the event is gone", |made| drop(made.remove("OrderConfirmed.v1.json"))),
        ("a field is gone", |made| {
            let schema = made.get_mut("OrderConfirmed.v1.json").unwrap();
            drop(schema["properties"].as_object_mut().unwrap().remove("customerId"));
        }),
        ("a field has another type", |made| {
            made.get_mut("OrderConfirmed.v1.json").unwrap()["properties"]["customerId"]["type"] =
                Value::from("integer");
        }),
        ("a field may be absent", |made| {
            made.get_mut("OrderConfirmed.v1.json").unwrap()["required"] = Value::Array(Vec::new());
        }),
    ];
    let made: BTreeMap<String, Value> = schemas::files().into_iter().collect();
    assert_eq!(breaks(&published(), &made), Vec::<String>::new());
    assert!(made.contains_key(file));
    for (what, change) in changes {
        let mut changed = made.clone();
        change(&mut changed);
        let found = breaks(&published(), &changed);
        assert!(found.iter().all(|it| it.starts_with("OrderConfirmed.v1")), "{what}: {found:?}");
        assert_eq!(found.len(), 1, "{what}: {found:?}");
    }
}
