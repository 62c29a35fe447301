//! `make new`: a new service.

use std::{env, fs, path::Path, process::Command};

use crate::Name;

macro_rules! files {
    ($($path:literal from $source:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../templates/service/", $source)))),+]
    };
}

/// The files of a service: where each goes, and its template.
const FILES: &[(&str, &str)] = files! {
    ".gitignore" from "gitignore",
    "rustfmt.toml" from "rustfmt.toml",
    "Cargo.toml" from "Cargo.toml",
    "Makefile" from "Makefile",
    "README.md" from "README.md",
    "demo.py" from "demo.py",
    "template.yaml" from "template.yaml",
    "src/lib.rs" from "src/lib.rs",
    "src/__snake__/mod.rs" from "src/__snake__/mod.rs",
    "src/__snake__/routes.rs" from "src/__snake__/routes.rs",
    "src/views/__snake___summary.rs" from "src/views/__snake___summary.rs",
    "src/bin/api.rs" from "src/bin/api.rs",
    "src/bin/local.rs" from "src/bin/local.rs",
    "src/bin/projector.rs" from "src/bin/projector.rs",
    "src/bin/publisher.rs" from "src/bin/publisher.rs",
    "tests/service.rs" from "tests/service.rs",
    "tests/golden/__Name__Created.v1.json" from "tests/golden/__Name__Created.v1.json",
    "tests/golden/__Name__Renamed.v1.json" from "tests/golden/__Name__Renamed.v1.json",
};

/// Writes a service into a folder that does not exist yet or is empty. Answers with what to do next.
///
/// # Errors
/// A sentence: the folder is not empty, or a file cannot be written.
pub fn new_service(name: &Name, folder: &Path) -> Result<String, String> {
    if fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
        return Err(format!("{} is not empty. Choose another folder: DIR=…", folder.display()));
    }
    let kit = kit()?;
    for (path, template) in FILES {
        write(&folder.join(name.fill(path)), &name.fill(template).replace("__kit__", &kit))?;
    }
    // The versions that the kit was tested with.
    let lock = fs::read_to_string(format!("{kit}/../Cargo.lock"));
    if let Ok(lock) = lock {
        write(&folder.join("Cargo.lock"), &lock)?;
    }
    format_code(folder);
    let folder = folder.display();
    Ok(format!("{} is a service now. Next: cd {folder} && make demo && make test", name.kebab()))
}

/// The order of imports depends on the name, so rustfmt has the last word. Where it is not installed, nothing is lost.
pub(crate) fn format_code(folder: &Path) {
    let _ = Command::new("cargo").arg("fmt").current_dir(folder).status();
}

/// The folder of the kit's crates. `cargo run` names this crate's folder; the one that was compiled in may be of another
/// checkout with the same build folder.
#[expect(clippy::disallowed_methods, reason = "a command for developers, not a function")]
fn kit() -> Result<String, String> {
    let scaffold = env::var("CARGO_MANIFEST_DIR");
    let scaffold = scaffold.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let kit = Path::new(&scaffold).join("../../shared");
    let kit = kit.canonicalize().map_err(|cause| format!("the kit is not at {kit:?}: {cause}"))?;
    Ok(kit.display().to_string())
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |cause| format!("{} cannot be written: {cause}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}
