//! The trail of a record that failed, for its log line.

use dekigoto::{Envelope, Pointer, Trail};

use crate::stream;

/// The trail of a message or stream record: of an event, a commit, or a pointer, which names only its stream. Empty for
/// everything else.
pub(crate) fn of(record: &str) -> Trail {
    if let Ok(event) = Envelope::from_message(record) {
        return Trail::of(&event);
    }
    if let Ok(commit) = stream::commit(record) {
        return Trail::of_commit(&commit);
    }
    let pointer = stream::pointer(record).or_else(|| serde_json::from_str::<Pointer>(record).ok());
    pointer.map_or_else(Trail::default, |it| Trail { stream: it.stream.key(), ..Trail::default() })
}
