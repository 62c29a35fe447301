//! Everything that is wrong with a request's fields, told at once.

use std::fmt::Display;

use crate::{
    limits::{ECHO_BYTES_MAX, ECHOED_NAME_BYTES_MAX, FAULTS_MAX},
    problem::{FieldFault, Kind, Problem},
};

/// What is wrong with the fields of one request. It tells of a bounded number, and repeats a bounded part of the
/// client's own words.
pub(crate) struct Faults {
    told: Vec<FieldFault>,
    untold: usize,
    is_malformed: bool,
    echo_left: usize,
}

impl Faults {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self { told: Vec::new(), untold: 0, is_malformed: false, echo_left: ECHO_BYTES_MAX }
    }

    /// The field does not have the documented shape.
    pub(crate) fn malformed(&mut self, pointer: String, why: impl Display) {
        self.is_malformed = true;
        self.add(pointer, why);
    }

    /// The field is well-formed, but breaks a business limit.
    pub(crate) fn invalid(&mut self, pointer: String, why: impl Display) {
        self.add(pointer, why);
    }

    /// As much of a name of the client's choice as may still be repeated; none when it is too much.
    pub(crate) fn repeated(&mut self, name: &str) -> Option<String> {
        let shown = shortened(name);
        self.echo_left = self.echo_left.checked_sub(shown.len())?;
        Some(shown)
    }

    /// Whether nothing is wrong.
    pub(crate) fn are_none(&self) -> bool {
        self.told.is_empty()
    }

    /// The refusal: malformed when any field is, else `invalid`.
    pub(crate) fn refusal(self, invalid: Kind) -> Problem {
        let kind = if self.is_malformed { Kind::MALFORMED } else { invalid };
        let detail = match self.told.as_slice() {
            [only] if only.pointer.is_empty() => format!("The body {}.", only.detail),
            [only] => format!("{}: {}.", only.pointer, only.detail.trim_end_matches('.')),
            told if self.untold == 0 => format!("{} fields are at fault; see errors.", told.len()),
            told => {
                let all = told.len() + self.untold;
                format!("{all} fields are at fault; errors has the first {FAULTS_MAX}.")
            }
        };
        Problem::new(kind, detail).with_faults(self.told)
    }

    fn add(&mut self, pointer: String, why: impl Display) {
        if self.told.len() == FAULTS_MAX {
            self.untold += 1;
            return;
        }
        self.told.push(FieldFault { pointer, detail: why.to_string() });
    }
}

/// A name, cut so that an answer cannot be made to carry much of it.
fn shortened(name: &str) -> String {
    if name.len() <= ECHOED_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let mut ends = (0..=ECHOED_NAME_BYTES_MAX).rev();
    let end = ends.find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", name.get(..end).unwrap_or_default())
}
