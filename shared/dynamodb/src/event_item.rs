//! A commit as a DynamoDB item.

use aws_sdk_dynamodb::types::AttributeValue;
use dekigoto::{Commit, Corrupt, StoredCommit};
use serde_dynamo::Deserializer;

use crate::Item;

/// The attributes of a commit.
pub(crate) fn item_of(commit: &Commit) -> Result<Item, serde_dynamo::Error> {
    serde_dynamo::aws_sdk_dynamodb_1::to_item(StoredCommit::from(commit))
}

/// Decodes an item, or says which item is not a commit, and why. Nothing is guessed.
pub(crate) fn commit_of(item: Item) -> Result<Commit, Corrupt> {
    let (stream, ordinal) = place_of(&item);
    let attributes = serde_dynamo::AttributeValue::from(AttributeValue::M(item));
    let attributes = Deserializer::from_attribute_value(attributes);
    // The path names the attribute. The cause names types and numbers, never text that a customer wrote.
    let stored: Result<StoredCommit, _> = serde_path_to_error::deserialize(attributes);
    let stored = stored.map_err(|cause| Corrupt {
        stream,
        ordinal,
        what: match cause.path().to_string().as_str() {
            "." => cause.inner().to_string(),
            attribute => format!("attribute {attribute:?}: {}", cause.inner()),
        },
    })?;
    Commit::try_from(stored)
}

/// Stream and ordinal, as far as the item's key is readable: an error must name an item that cannot be decoded.
pub(crate) fn place_of(item: &Item) -> (String, Option<u64>) {
    let stream = match item.get("pk") {
        Some(AttributeValue::S(stream)) => stream.clone(),
        Some(_) | None => "?".to_owned(),
    };
    let ordinal = match item.get("sk") {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        Some(_) | None => None,
    };
    (stream, ordinal)
}
