//! Records of the stream of the event table. Only the attributes of a commit are read; everything else in a record is
//! ignored.

use std::collections::{BTreeMap, HashMap};

use dekigoto::{Commit, Ordinal, Pointer, StoredCommit, StreamId, relay::StreamRecord};
use serde::Deserialize;
use serde_dynamo::{AttributeValue, Item};
use serde_json::value::RawValue;

/// Unparsed attributes by name.
type Attributes = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "NewImage")]
    new_image: Option<Attributes>,
}

/// The new commit of a record, or the reason why there is none, with a pointer to the commit in the store.
#[must_use]
pub fn read(record: String) -> StreamRecord {
    match commit(&record) {
        Ok(commit) => StreamRecord::Commit(Box::new(commit)),
        Err(reason) => StreamRecord::Unreadable { pointer: pointer(&record), body: record, reason },
    }
}

/// The new commit of a stream record.
///
/// # Errors
/// The reason why the record contains no new commit: it is unreadable, or it is a change of history.
pub fn commit(record: &str) -> Result<Commit, String> {
    let record: Record = serde_json::from_str(record)
        .map_err(|cause| format!("the stream record is unreadable (column {})", cause.column()))?;
    if record.event_name != "INSERT" {
        // The table is append-only, and no role of this stack may change an item, so somebody else did.
        let change = record.event_name;
        return Err(format!("history was changed: {change} of a commit"));
    }
    let image = record.dynamodb.new_image.unwrap_or_default();
    if image.is_empty() {
        return Err(
            "the stream record carries no new image; the stream must be NEW_IMAGE".to_owned()
        );
    }
    let stored: StoredCommit = serde_dynamo::from_item(item(&image)?)
        .map_err(|cause| format!("the stored item is not a commit: {cause}"))?;
    Commit::try_from(stored).map_err(|corrupt| corrupt.to_string())
}

/// The attributes of a commit. Attributes of newer code are ignored.
fn item(image: &Attributes) -> Result<Item, String> {
    let mut item = HashMap::new();
    for name in StoredCommit::ATTRIBUTES {
        let Some(value) = image.get(name) else { continue };
        let value: AttributeValue = serde_json::from_str(value.get())
            .map_err(|_| format!("the stored item's attribute {name:?} is unreadable"))?;
        item.insert(name.to_owned(), value);
    }
    Ok(Item::from(item))
}

/// The pointer to the commit of a record, from the key of the record or else from the key in its image.
pub(crate) fn pointer(record: &str) -> Option<Pointer> {
    #[derive(Deserialize)]
    struct Keyed {
        dynamodb: Keys,
    }
    // Unparsed, so that one can be read if the other is invalid.
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Keys {
        keys: Option<Box<RawValue>>,
        new_image: Option<Box<RawValue>>,
    }
    let Keyed { dynamodb } = serde_json::from_str(record).ok()?;
    let key = |raw: Option<Box<RawValue>>| key_in(&raw?);
    key(dynamodb.keys).or_else(|| key(dynamodb.new_image))
}

fn key_in(attributes: &RawValue) -> Option<Pointer> {
    #[derive(Deserialize)]
    struct Key {
        pk: Text,
        sk: Number,
    }
    #[derive(Deserialize)]
    struct Text {
        #[serde(rename = "S")]
        text: String,
    }
    #[derive(Deserialize)]
    struct Number {
        #[serde(rename = "N")]
        digits: String,
    }
    let key: Key = serde_json::from_str(attributes.get()).ok()?;
    let stream = StreamId::from_key(&key.pk.text).ok()?;
    let ordinal = Ordinal::new(key.sk.digits.parse().ok()?)?;
    Some(Pointer::new(stream, ordinal))
}
