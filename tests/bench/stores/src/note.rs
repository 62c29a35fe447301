//! The aggregate of every store: events of exactly 300 bytes of JSON, folded into a state of about 300 bytes.

use serde::{Deserialize, Serialize};

/// The size of each event's payload.
pub(crate) const PAYLOAD_BYTES: usize = 300;

/// The number of commits, or events, between two snapshots.
pub(crate) const SNAPSHOT_EVERY: u64 = 32;

/// The aggregate type and the event type.
pub(crate) const AGGREGATE: &str = "Notes";
pub(crate) const EVENT: &str = "Noted";

/// The only event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Noted {
    number: u64,
    text: String,
}

impl Noted {
    /// The event with that number, padded to its size.
    pub(crate) fn new(number: u64) -> Self {
        let around = r#"{"number":,"text":""}"#.len() + number.to_string().len();
        Self { number, text: "x".repeat(PAYLOAD_BYTES - around) }
    }
}

/// The state: the number of notes and the newest one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    /// The number of events in the state.
    pub(crate) count: u64,
    newest: String,
}

impl Notes {
    pub(crate) fn plus(self, noted: &Noted) -> Self {
        Self { count: self.count + 1, newest: noted.text.clone() }
    }

    /// The state after that many events.
    pub(crate) fn of(events: u64) -> Self {
        (1..=events).map(Noted::new).fold(Self::default(), |notes, noted| notes.plus(&noted))
    }
}

/// A stream's id. As long as a UUID, because it is part of every key.
pub(crate) fn stream(number: u64) -> String {
    format!("0198f3a4-7f63-7d0e-9c3f-{number:012}")
}
