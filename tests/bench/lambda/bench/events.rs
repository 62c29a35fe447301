//! The events that AWS invokes the functions with: the samples of `tests/events`, with the content of a case.

use dekigoto::{Commit, Envelope, Message, StoredCommit};
use serde_json::{Map, Value, json};

use crate::Failure;

const REQUEST: &str = include_str!("../../../events/api-place-order.json");
const MESSAGES: &str = include_str!("../../../events/projector-raw.json");
const RECORDS: &str = include_str!("../../../events/publisher-stream.json");

/// A request through API Gateway, signed with a role's credentials.
pub(crate) fn request(
    method: &str,
    path: &str,
    query: &str,
    body: Option<&Value>,
) -> Result<Value, Failure> {
    let mut event: Value = serde_json::from_str(REQUEST)?;
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    event["body"] = json!(body.map(Value::to_string));
    let headers = event["headers"].as_object_mut().ok_or("the sample has headers")?;
    headers.remove("content-length");
    if body.is_none() {
        headers.remove("content-type");
    }
    if method == "GET" {
        headers.remove("idempotency-key");
    }
    Ok(event)
}

/// A batch of a queue.
pub(crate) fn messages(events: &[Envelope]) -> Result<Value, Failure> {
    let sample = first_of(MESSAGES)?;
    let records = events.iter().enumerate().map(|(place, event)| {
        let mut record = sample.clone();
        record["messageId"] = json!(format!("059f36b4-87a3-44ab-83d2-{place:012}"));
        record["body"] = json!(Message::of(event).body);
        let attributes = &mut record["messageAttributes"];
        attributes["eventType"]["stringValue"] = json!(event.event_type);
        attributes["aggregateType"]["stringValue"] = json!(event.aggregate_type);
        record
    });
    Ok(json!({ "Records": records.collect::<Value>() }))
}

/// A batch of the event table's stream.
pub(crate) fn records(commits: &[Commit]) -> Result<Value, Failure> {
    let sample = first_of(RECORDS)?;
    let mut records = Vec::new();
    for (place, commit) in commits.iter().enumerate() {
        let image = item(&StoredCommit::from(commit))?;
        let mut record = sample.clone();
        record["eventID"] = json!(format!("c81e728d9d4c2f636f06{place:012}"));
        let stored = &mut record["dynamodb"];
        stored["Keys"] = json!({ "pk": image["pk"], "sk": image["sk"] });
        stored["NewImage"] = image;
        stored["SequenceNumber"] = json!(format!("44215845000000000174504{place:05}"));
        records.push(record);
    }
    Ok(json!({ "Records": records }))
}

fn first_of(sample: &str) -> Result<Value, Failure> {
    let mut sample: Value = serde_json::from_str(sample)?;
    Ok(sample["Records"][0].take())
}

/// A commit as DynamoDB's JSON.
pub(crate) fn item(commit: &StoredCommit) -> Result<Value, Failure> {
    let Value::Object(attributes) = serde_json::to_value(commit)? else {
        return Err("a stored commit is an object".into());
    };
    let typed = attributes.into_iter().map(|(name, value)| {
        let kind = if value.is_number() { "N" } else { "S" };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (name, json!({ kind: text }))
    });
    Ok(Value::Object(typed.collect::<Map<_, _>>()))
}
