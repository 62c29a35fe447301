//! Converts the contract from YAML to the JSON that the service serves.

use std::{error::Error, fs, path::PathBuf};

const CONTRACT: &str = "../../infra/openapi.yaml";

#[expect(clippy::disallowed_methods, reason = "cargo passes the output folder in the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={CONTRACT}");
    // `yaml_serde::Value` keeps the order of the document; `serde_json::Value` would sort it.
    let document: yaml_serde::Value = yaml_serde::from_str(&fs::read_to_string(CONTRACT)?)?;
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("openapi.json");
    Ok(fs::write(target, serde_json::to_string(&document)?)?)
}
