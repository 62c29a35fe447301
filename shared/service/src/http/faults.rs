//! Everything that is wrong with a request's fields, told at once.

use std::fmt::Display;

use super::{
    limits::{ECHO_BYTES_MAX, ECHOED_NAME_BYTES_MAX, FAULTS_MAX},
    problem::{FieldFault, Kind, Problem},
};

/// What is wrong with the fields of one request. It tells of a bounded number, and repeats a bounded part of the
/// client's own words.
pub(super) struct Faults {
    told: Vec<FieldFault>,
    untold: usize,
    is_malformed: bool,
    echo_left: usize,
}

impl Faults {
    /// None yet.
    pub(super) fn none() -> Self {
        Self { told: Vec::new(), untold: 0, is_malformed: false, echo_left: ECHO_BYTES_MAX }
    }

    /// The field does not have the documented shape.
    pub(super) fn malformed(&mut self, pointer: String, why: impl Display) {
        self.is_malformed = true;
        self.add(pointer, why);
    }

    /// The field is well-formed, but breaks a business limit.
    pub(super) fn invalid(&mut self, pointer: String, why: impl Display) {
        self.add(pointer, why);
    }

    /// There is a field that nobody knows. Its name is the client's own text, so only so much of it is told.
    pub(super) fn unknown(&mut self, parent: &str, name: &str) {
        let shown = shortened(name, ECHOED_NAME_BYTES_MAX);
        if shown.len() > self.echo_left {
            self.malformed(parent.to_owned(), "holds more fields that are not known");
            return;
        }
        self.echo_left -= shown.len();
        self.malformed(format!("{parent}/{}", escaped(&shown)), "is not a known field");
    }

    /// Whether nothing is wrong.
    pub(super) fn are_none(&self) -> bool {
        self.told.is_empty()
    }

    /// The refusal: malformed when any field is, else `invalid`.
    pub(super) fn refusal(self, invalid: Kind) -> Problem {
        let kind = if self.is_malformed { Kind::Malformed } else { invalid };
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

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Text that repeats input, cut so that an answer cannot be made to carry much of it.
pub(super) fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = (0..=bytes_max).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}
