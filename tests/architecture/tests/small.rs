//! What a function must not link, because its size is most of its start (`infra/adr/0004-small-binaries.md`).

use std::process::Command;

/// The packages that `sam build` compiles together link neither HTTP/2 nor the tables of Unicode host names.
///
/// If Unicode is back after `cargo update`, pin it again: `cargo update -p idna_adapter --precise 1.0.0`.
#[test]
fn no_function_links_http_2_or_the_tables_of_unicode_host_names() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names are text");
    let crates: Vec<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    for function in ["api", "policy", "postgres-functions", "projector", "publisher", "shipments"] {
        assert!(crates.contains(&function), "{function} is a default member of the workspace");
    }
    for unwanted in ["h2", "icu_normalizer"] {
        let advice = format!("`cargo tree -e normal -i {unwanted}` shows what pulls it in");
        assert!(!crates.contains(&unwanted), "{advice}");
    }
}
