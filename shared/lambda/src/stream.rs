//! Records of the event table's stream.

use aws_lambda_events::dynamodb::EventRecord;
use dekigoto::{Commit, StoredCommit};

/// The commit that a stream record announces.
///
/// # Errors
/// The reason why the record announces no new commit: it is unreadable, or it says that history was changed.
pub fn commit(record: &str) -> Result<Commit, String> {
    let record: EventRecord = serde_json::from_str(record)
        .map_err(|cause| format!("the stream record is unreadable (column {})", cause.column()))?;
    if record.event_name != "INSERT" {
        // The table is append-only, and no role of ours may change it. Somebody did.
        let change = record.event_name;
        return Err(format!("history was changed: {change} of a commit"));
    }
    let image = record.change.new_image;
    if image.is_empty() {
        return Err(
            "the stream record carries no new image; the stream must be NEW_IMAGE".to_owned()
        );
    }
    let stored: StoredCommit = serde_dynamo::from_item(image)
        .map_err(|cause| format!("the stored item is not a commit: {cause}"))?;
    Commit::try_from(stored).map_err(|corrupt| corrupt.to_string())
}
