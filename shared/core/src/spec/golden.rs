//! Golden files: checks that every event version that was ever written still decodes.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{KeptHandlers, Payload, Reader, Role, Service};

/// Checks a service's golden files. For each event and schema version, the folder must have `<event>.v<version>.json`: a
/// list of stored payloads, which must all decode. Returns the faults; a test asserts that there are none.
///
/// A version without a file and a file without a version are faults, too.
#[must_use]
pub fn golden_files<R: Role<Handlers = KeptHandlers>>(
    service: &Service<R>,
    folder: impl AsRef<Path>,
) -> Vec<String> {
    let folder = folder.as_ref();
    let (mut faults, mut known) = (Vec::new(), BTreeSet::new());
    for reader in service.readers() {
        for (event, newest) in reader.events() {
            for version in 1..=*newest {
                let file = format!("{event}.v{version}.json");
                faults.extend(fault(reader, event, version, &folder.join(&file)));
                known.insert(file);
            }
        }
    }
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let strays = names.filter(|name| !known.contains(name));
    faults.extend(strays.map(|name| format!("{name} belongs to no registered event")));
    faults
}

fn fault(reader: &Reader, event: &str, version: u32, file: &Path) -> Option<String> {
    let name = file.display();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(cause) => {
            return Some(format!("{name}: {cause}; add an example of {event} version {version}"));
        }
    };
    let payloads: Vec<Payload> = match serde_json::from_str(&text) {
        Ok(payloads) => payloads,
        Err(cause) => return Some(format!("{name} is not a list of payloads: {cause}")),
    };
    if payloads.is_empty() {
        return Some(format!("{name} holds no example"));
    }
    let read = |payload| reader.upcast(event, version, payload).err();
    payloads.iter().find_map(read).map(|cause| format!("{name} does not decode any more: {cause}"))
}
