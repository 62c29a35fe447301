//! `dekigoto tail`: events as they are committed, from the stream of the event table.

use std::time::Duration;

use dekigoto::{Commit, StoredCommit};
use serde_json::{Map, Value, json};

use super::show::{event_line, payload};
use crate::{
    desk::Desk,
    failure::{Failure, Kind},
    out::{Report, Tone},
    text::plural,
};

/// The wait between two reads. A shard allows five reads a second, and the publisher needs four of them.
const WAIT: Duration = Duration::from_secs(1);

/// Shows events until this time is over.
pub(crate) async fn tail(
    desk: &Desk,
    over: Duration,
    is_recent: bool,
    is_json: bool,
) -> Result<Report, Failure> {
    let table = desk.cloud.table(desk.layout.event_table()).await?;
    let Some(stream) = table.stream else {
        let what = format!("the table {} has no stream", desk.layout.event_table());
        return Err(Failure::new(Kind::NotFound, what, "see `dekigoto doctor`"));
    };
    let mut places = if is_recent {
        desk.cloud.stream_recent(&stream).await?
    } else {
        desk.cloud.stream_ends(&stream).await?
    };
    let end = desk.ports.host.monotonic() + over;
    let mut count = 0;
    while desk.ports.host.monotonic() < end && !desk.screen.is_gone() {
        let page = desk.cloud.stream_page(&places).await?;
        for image in &page.images {
            count += shown(desk, image, is_json);
        }
        // A closed shard has children, whose places are not known.
        places =
            if page.next.is_empty() { desk.cloud.stream_ends(&stream).await? } else { page.next };
        desk.ports.host.sleep(WAIT).await;
    }
    let mut report = Report::default();
    report.field("events", count);
    report.line(Tone::Dim, plural(count, "event"));
    Ok(report)
}

/// Shows the events of one item. Returns how many there were.
fn shown(desk: &Desk, image: &Value, is_json: bool) -> usize {
    let Some(commit) = commit_of(image) else {
        desk.screen.line("an item that is not a commit; see `dekigoto dlq list`");
        return 0;
    };
    let events: Vec<_> = commit.envelopes().collect();
    for event in &events {
        let payload = payload(desk, event);
        let line = if is_json {
            json!({
                "at": event.occurred_at, "stream": commit.stream().key(), "version": event.version,
                "event": event.event_type, "correlationId": event.metadata.correlation_id,
                "causationId": event.metadata.causation_id, "payload": payload,
            })
            .to_string()
        } else {
            format!("{}  {payload}", event_line(event))
        };
        desk.screen.line(&line);
    }
    events.len()
}

/// A commit from DynamoDB's JSON, such as `{"pk": {"S": "Order#1"}, "sk": {"N": "1"}}`.
fn commit_of(image: &Value) -> Option<Commit> {
    let mut plain = Map::new();
    for (name, typed) in image.as_object()? {
        let (kind, value) = typed.as_object()?.iter().next()?;
        let value = match kind.as_str() {
            "N" => serde_json::from_str(value.as_str()?).ok()?,
            _ => value.clone(),
        };
        plain.insert(name.clone(), value);
    }
    let stored: StoredCommit = serde_json::from_value(Value::Object(plain)).ok()?;
    Commit::try_from(stored).ok()
}
