//! Lists the event schemas of `infra/schemas`, so that this process can serve them.

use std::{error::Error, fmt::Write as _, fs, path::PathBuf};

const SCHEMAS: &str = "../../infra/schemas";

#[expect(clippy::disallowed_methods, reason = "cargo passes the output folder in the environment")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMAS}");
    let entries: Result<Vec<_>, _> = fs::read_dir(SCHEMAS)?.collect();
    let mut paths: Vec<PathBuf> = entries?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        writeln!(list, "({name:?}, include_str!({:?})),", path.canonicalize()?)?;
    }
    list.push(']');
    Ok(fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("schemas.rs"), list)?)
}
