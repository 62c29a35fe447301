//! Turns the contract, which people write as YAML, into the JSON that the service answers.

use std::{error::Error, fs, path::PathBuf};

const CONTRACT: &str = "../../infra/openapi.yaml";

#[expect(clippy::disallowed_methods, reason = "cargo says through the environment where to write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CONTRACT}");
    // YAML's own type keeps the order in which the document is written; serde_json's would sort it.
    let document: yaml_serde::Value = yaml_serde::from_str(&fs::read_to_string(CONTRACT)?)?;
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("openapi.json");
    Ok(fs::write(target, serde_json::to_string(&document)?)?)
}
