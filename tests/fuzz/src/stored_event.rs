//! Any bytes as a stored commit, as damage or newer code may produce.

use dekigoto::{Commit, EventSchema, SchemaError, StoredCommit};
use orders::{order::OrderEvent, payment::PaymentEvent};

use crate::edge::{fails, holds};

/// Reads the bytes as the JSON form of a stored commit.
///
/// Checks that bytes that are not a commit are refused; that a commit is written in the same form
/// again; that each of its events decodes, or is refused as newer, unknown or malformed; and that a decoded event is
/// the same after it is encoded and decoded again.
pub fn stored_event(bytes: &[u8]) {
    let Ok(stored) = serde_json::from_slice::<StoredCommit>(bytes) else {
        return;
    };
    let Ok(commit) = Commit::try_from(stored.clone()) else {
        return;
    };
    let again = StoredCommit::from(&commit);
    match Commit::try_from(again.clone()) {
        Ok(reread) => holds(StoredCommit::from(&reread) == again, "a commit has one stored form"),
        Err(cause) => fails(&cause.to_string()),
    }
    holds(commit.envelopes().next().is_some(), "a commit has events");
    for event in commit.envelopes() {
        let schema = event.schema_version;
        let (kind, payload) = (&event.event_type, &event.payload);
        means_the_same::<OrderEvent>(kind, OrderEvent::decode(kind, schema, payload));
        means_the_same::<PaymentEvent>(kind, PaymentEvent::decode(kind, schema, payload));
    }
}

fn means_the_same<E>(kind: &str, read: Result<Vec<E>, SchemaError>)
where
    E: EventSchema + PartialEq,
{
    let Ok(events) = read else { return };
    for event in events {
        let Ok(written) = event.encode() else {
            fails("an event that was read can be written");
        };
        let again = E::decode(&written.event_type, written.schema_version, &written.payload);
        holds(again.is_ok_and(|again| again == [event]), kind);
    }
}
