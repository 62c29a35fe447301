//! Only the crates of the kit are published, and each is complete.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::dependencies::metadata;

/// The crates of the kit, and the types of the order events for consumers.
const KIT: [&str; 14] = [
    "dekigoto",
    "dekigoto-aws",
    "dekigoto-aws-postgres",
    "dekigoto-dynamodb",
    "dekigoto-http",
    "dekigoto-kafka",
    "dekigoto-lambda",
    "dekigoto-local",
    "dekigoto-messaging",
    "dekigoto-ops",
    "dekigoto-postgres",
    "dekigoto-sqlite",
    "dekigoto-testkit",
    "order-events",
];

/// The categories of crates.io that we use. Publishing ignores unknown categories without an error.
const CATEGORIES: [&str; 7] = [
    "asynchronous",
    "command-line-utilities",
    "database",
    "development-tools::testing",
    "network-programming",
    "rust-patterns",
    "web-programming::http-server",
];

/// The allowed files of a package besides sources and examples.
const FILES: [&str; 7] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];

fn ours() -> Vec<Value> {
    let mut metadata = metadata();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    packages.into_iter().filter(|package| package["source"].is_null()).collect()
}

fn kit() -> Vec<Value> {
    let is_kit = |package: &Value| KIT.iter().any(|name| package["name"] == *name);
    let kit: Vec<Value> = ours().into_iter().filter(is_kit).collect();
    assert_eq!(kit.len(), KIT.len());
    kit
}

fn texts(values: &Value) -> Vec<&str> {
    values.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn only_the_kit_is_published() {
    let ours = ours();
    // `publish` is null if every registry is allowed, and empty if none is.
    let published = ours.iter().filter(|package| package["publish"] != serde_json::json!([]));
    let mut published: Vec<&str> = published.filter_map(|it| it["name"].as_str()).collect();
    published.sort_unstable();
    assert_eq!(published, KIT);
}

#[test]
fn every_published_crate_has_its_metadata() {
    for package in kit() {
        let name = &package["name"];
        for field in ["description", "documentation", "license", "readme", "rust_version"] {
            assert!(package[field].as_str().is_some_and(|it| !it.is_empty()), "{name}: {field}");
        }
        let keywords = texts(&package["keywords"]);
        assert!((1..=5).contains(&keywords.len()), "{name}: {keywords:?}");
        for keyword in keywords {
            let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(keyword.len() <= 20 && keyword.chars().all(is_valid), "{name}: {keyword}");
        }
        let categories = texts(&package["categories"]);
        assert!((1..=5).contains(&categories.len()), "{name}: {categories:?}");
        assert!(categories.iter().all(|it| CATEGORIES.contains(it)), "{name}: {categories:?}");
    }
}

#[test]
fn the_readme_of_every_published_crate_is_its_front_page() {
    for package in kit() {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        assert_eq!(package["readme"], "README.md");
        let library = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
        let front_page = "#![doc = include_str!(\"../README.md\")]";
        assert!(library.starts_with(front_page), "{}", folder.display());
    }
}

#[test]
fn every_package_contains_its_licences_and_nothing_unexpected() {
    for name in KIT {
        let output = Command::new(env!("CARGO"))
            .args(["package", "--list", "--allow-dirty", "--offline", "--locked", "-p", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let listed = String::from_utf8(output.stdout).unwrap();
        let files: Vec<&str> = listed.lines().collect();
        for wanted in ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"] {
            assert!(files.contains(&wanted), "{name} lacks {wanted}");
        }
        let is_expected = |file: &&str| {
            FILES.contains(file) || file.starts_with("src/") || file.starts_with("examples/")
        };
        let unexpected: Vec<_> = files.into_iter().filter(|file| !is_expected(file)).collect();
        assert!(unexpected.is_empty(), "{name} contains {unexpected:?}");
    }
}

/// Publishing removes dev-dependencies that have only a path. With a version, the kit would have a circular dependency.
#[test]
fn a_published_crate_names_the_kit_by_version_and_the_testkit_by_path() {
    for package in kit() {
        let version = format!("^{}", package["version"].as_str().unwrap());
        let dependencies = package["dependencies"].as_array().unwrap();
        for ours in dependencies.iter().filter(|dependency| dependency["path"].is_string()) {
            let (name, kind) = (&ours["name"], &ours["kind"]);
            let expected = if name == "dekigoto-testkit" { "*" } else { version.as_str() };
            assert_eq!(ours["req"], *expected, "{} names {name}", package["name"]);
            assert!(expected != "*" || kind == "dev", "{} ships the testkit", package["name"]);
        }
    }
}

/// The packages of a lock file that are ours: their names, and the names of their dependencies.
fn locked(text: &str) -> Vec<(String, Vec<String>)> {
    let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let of = |package: &str| {
        let named = package.lines().find(|line| line.starts_with("name = ")).map(quoted);
        let dependencies = package.lines().filter(|line| line.starts_with(" \""));
        // A name may be followed by a version.
        let name = |line: &str| quoted(line).split(' ').next().unwrap_or_default().to_owned();
        (named.unwrap_or_default(), dependencies.map(name).collect())
    };
    let packages = text.split("[[package]]").skip(1);
    packages.filter(|package| !package.contains("source = ")).map(of).collect()
}

/// `--locked` refuses a lock file that does not fit, and nothing else builds these workspaces.
#[test]
fn the_lock_files_of_the_benches_fit_the_kit() {
    let kit = kit();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut checked = 0;
    for bench in ["platforms", "rivals", "stores"] {
        let file = root.join("tests/bench").join(bench).join("Cargo.lock");
        for (name, locked) in locked(&fs::read_to_string(file).unwrap()) {
            let Some(package) = kit.iter().find(|package| package["name"] == *name) else {
                continue;
            };
            let dependencies = package["dependencies"].as_array().unwrap();
            let used = dependencies.iter().filter(|it| it["kind"] != "dev");
            let names = |it: &Value| it["name"].as_str().unwrap().to_owned();
            let all: Vec<String> = used.clone().map(names).collect();
            let always: Vec<String> = used
                .filter(|it| it["optional"] == false && it["target"].is_null())
                .map(names)
                .collect();
            let fits = locked.iter().all(|it| all.contains(it))
                && always.iter().all(|it| locked.contains(it));
            assert!(
                fits,
                "{bench}: {name} has other dependencies now: run cargo metadata --manifest-path tests/bench/{bench}/Cargo.toml"
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 8, "packages of the kit in three lock files");
}
