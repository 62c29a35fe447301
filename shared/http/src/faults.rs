//! Collects everything that is wrong with a request's fields, for one answer.

use dekigoto::{Explain, Text};

use crate::{
    limits::{ECHO_BYTES_MAX, ECHOED_NAME_BYTES_MAX, FAULTS_MAX},
    problem::{FieldFault, Kind, Problem, Subject},
};

/// The faults of one request. Both the number of faults listed and the client input echoed are bounded.
#[derive(Default)]
pub(crate) struct Faults {
    listed: Vec<FieldFault>,
    unlisted: usize,
    is_malformed: bool,
    echoed_bytes: usize,
}

impl Faults {
    /// The field does not have the documented shape.
    pub(crate) fn malformed(&mut self, subject: Subject, why: &impl Explain) {
        self.is_malformed = true;
        self.add(subject, why);
    }

    /// The field is well-formed, but breaks a business limit.
    pub(crate) fn invalid(&mut self, subject: Subject, why: &impl Explain) {
        self.add(subject, why);
    }

    /// The client's name for a field, shortened; `None` when this answer has echoed enough input.
    pub(crate) fn echo(&mut self, name: &str) -> Option<String> {
        let shown = shortened(name);
        let echoed_bytes = self.echoed_bytes + shown.len();
        if echoed_bytes > ECHO_BYTES_MAX {
            return None;
        }
        self.echoed_bytes = echoed_bytes;
        Some(shown)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The problem: malformed when the shape of any field is wrong, else of the kind `invalid`.
    pub(crate) fn refusal(self, invalid: Kind) -> Problem {
        let kind = if self.is_malformed { Kind::MALFORMED } else { invalid };
        let detail = match self.listed.as_slice() {
            [only] => alone(only),
            all if self.unlisted == 0 => Text::with_values(
                format!("{} fields are at fault; see errors.", all.len()),
                format!("{} か所に誤りがあります。errors を見てください。", all.len()),
            ),
            listed => {
                let all = listed.len() + self.unlisted;
                Text::with_values(
                    format!("{all} fields are at fault; errors has the first {FAULTS_MAX}."),
                    format!(
                        "{all} か所に誤りがあります。errors には初めの {FAULTS_MAX} か所があります。"
                    ),
                )
            }
        };
        Problem::told(kind, detail).with_faults(self.listed)
    }

    fn add(&mut self, subject: Subject, why: &impl Explain) {
        if self.listed.len() == FAULTS_MAX {
            self.unlisted += 1;
            return;
        }
        self.listed.push(FieldFault { subject, detail: Text::of(why) });
    }
}

/// The sentence about the only fault.
fn alone(FieldFault { subject, detail }: &FieldFault) -> Text {
    match subject {
        Subject::Pointer(pointer) if pointer.is_empty() => {
            let japanese = format!("本文: {}", detail.in_japanese());
            Text::with_values(format!("The body {detail}."), japanese)
        }
        Subject::Pointer(_) | Subject::Parameter(_) => Text::about(&subject.to_string(), detail),
    }
}

/// Cuts a name, so that a client cannot make an answer carry much of its input.
fn shortened(name: &str) -> String {
    if name.len() <= ECHOED_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let mut ends = (0..=ECHOED_NAME_BYTES_MAX).rev();
    let end = ends.find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    format!("{}…", name.get(..end).unwrap_or_default())
}
