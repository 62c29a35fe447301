//! Edits files that the user may have changed.

use std::{fs, path::Path};

use crate::new_service::write;

/// Inserts `line` after the last line that starts with `mark`, with that line's indentation.
pub(crate) fn after_last(path: &Path, mark: &str, line: &str) -> Result<(), String> {
    edit(path, |text| {
        let place = text.lines().enumerate().filter(|(_, it)| it.starts_with(mark)).last();
        let (place, found) =
            place.ok_or_else(|| format!("has no line that starts with {mark:?}"))?;
        let indent: String = found.chars().take_while(|it| it.is_whitespace()).collect();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.insert(place + 1, format!("{indent}{line}"));
        Ok(lines.join("\n") + "\n")
    })
}

/// Replaces every occurrence of `old` by `new`.
pub(crate) fn replace(path: &Path, old: &str, new: &str) -> Result<(), String> {
    edit(path, |text| {
        if text.contains(old) {
            Ok(text.replace(old, new))
        } else {
            Err(format!("does not contain {old:?}"))
        }
    })
}

fn edit(path: &Path, change: impl FnOnce(&str) -> Result<String, String>) -> Result<(), String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|cause| format!("{name}: {cause}"))?;
    let changed = change(&text).map_err(|cause| format!("{name} {cause}; add the line by hand"))?;
    write(path, &changed)
}
