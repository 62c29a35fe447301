//! Tests against files: golden files of stored events, and the README's table of integration events.

mod announced;
mod golden;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

/// The content of files named `<Name>.v<number>.json`, by name and number.
type Versions = BTreeMap<(String, u32), Value>;

/// A stored payload and the events that it decodes to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    payload: Value,
    means: Vec<Stored>,
}

/// An event in its newest shape.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    event_type: String,
    schema_version: u32,
    payload: Value,
}

fn golden_files() -> BTreeMap<(String, u32), Vec<Case>> {
    let read = |value: Value| serde_json::from_value::<Vec<Case>>(value).unwrap();
    files("tests/golden").into_iter().map(|(name, value)| (name, read(value))).collect()
}

/// Reads a folder of the repository. Every file name must contain a version.
fn files(folder: &str) -> Versions {
    let folder = repository().join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|cause| panic!("{folder:?}: {cause}"));
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let value =
                serde_json::from_str(&text).unwrap_or_else(|cause| panic!("{path:?}: {cause}"));
            (name_and_version(&path), value)
        })
        .collect()
}

fn name_and_version(path: &Path) -> (String, u32) {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap();
    let parts = file.strip_suffix(".json").and_then(|stem| stem.split_once(".v"));
    let parsed = parts.and_then(|(name, version)| Some((name.to_owned(), version.parse().ok()?)));
    parsed.unwrap_or_else(|| panic!("{file} is not named <Name>.v<number>.json"))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
