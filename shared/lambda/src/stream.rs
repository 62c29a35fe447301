//! Records of the event table's stream. Only what a commit is made of is read; whatever else a record holds, in whatever
//! form, stops nothing.

use std::collections::{BTreeMap, HashMap};

use dekigoto::{Commit, Ordinal, Pointer, StoredCommit, StreamId, relay::StreamRecord};
use serde::Deserialize;
use serde_dynamo::{AttributeValue, Item};
use serde_json::value::RawValue;

/// Attributes by name, not yet looked into.
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

/// The commit that a record announces; or the reason why there is none, with a pointer to where it should be.
#[must_use]
pub fn read(record: String) -> StreamRecord {
    match commit(&record) {
        Ok(commit) => StreamRecord::Commit(Box::new(commit)),
        Err(reason) => StreamRecord::Unreadable { pointer: pointer(&record), body: record, reason },
    }
}

/// The commit that a stream record announces.
///
/// # Errors
/// The reason why the record announces no new commit: it is unreadable, or it says that history was changed.
pub fn commit(record: &str) -> Result<Commit, String> {
    let record: Record = serde_json::from_str(record)
        .map_err(|cause| format!("the stream record is unreadable (column {})", cause.column()))?;
    if record.event_name != "INSERT" {
        // The table is append-only, and no role of ours may change it. Somebody did.
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

/// The attributes that a commit is made of. What only newer code knows is passed over unread.
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

/// Where the commit of a record is, by the record's key, or else by the key in its image.
fn pointer(record: &str) -> Option<Pointer> {
    #[derive(Deserialize)]
    struct Keyed {
        dynamodb: Keys,
    }
    // Each not yet looked into, so that a broken one does not hide the other.
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
