//! `dekigoto show STREAM`: the history of one stream, and its state then.

use dekigoto::{Commit, Envelope, Reader, StreamId};
use serde_json::{Value, json};

use super::commits::{COMMITS_MAX, First, tell_cut};
use crate::{
    desk::Desk,
    failure::{Failure, Kind},
    out::{Report, Tone, mask},
};

pub(crate) async fn show(desk: &Desk, stream: &str, at: Option<u64>) -> Result<Report, Failure> {
    let known: Vec<&str> = desk.service.readers().iter().map(Reader::aggregate).collect();
    let next = || format!("write it as Type#id, with a type of {}", known.join(", "));
    let id = StreamId::from_key(stream)
        .map_err(|_| Failure::argument(format!("{stream:?} names no stream"), next()))?;
    let reader = desk.service.readers().iter().find(|it| it.aggregate() == id.aggregate_type());
    let reader = reader.ok_or_else(|| {
        Failure::argument(format!("there is no aggregate {}", id.aggregate_type()), next())
    })?;
    let first = First::read(&*desk.ports.store, &id, COMMITS_MAX).await?;
    let is_wanted = |event: &Envelope| at.is_none_or(|at| event.version.get() <= at);
    let events: Vec<Envelope> =
        first.commits.iter().flat_map(Commit::envelopes).filter(is_wanted).collect();
    let last = events.last().map(|event| event.version.get());
    let Some(last) = last.filter(|last| at.is_none_or(|at| at == *last)) else {
        return Err(match (events.last(), at) {
            (Some(last), Some(at)) if first.is_cut => Failure::argument(
                format!("version {at} of {stream} is too far from its beginning"),
                format!("the versions up to {} can be shown", last.version),
            ),
            (Some(last), Some(at)) => Failure::argument(
                format!("{stream} has no version {at}"),
                format!("it ends at version {}", last.version),
            ),
            _ => Failure::new(
                Kind::NotFound,
                format!("the stream {stream} does not exist"),
                "check the id and `--stack`",
            ),
        });
    };
    let state = reader.state(&events).map_err(|cause| {
        let what = format!("this command does not understand an event ({cause})");
        Failure::new(Kind::Refused, what, "use the command of the deployed version")
    })?;
    let state: Value = state.read().unwrap_or_default();
    let mut report = told(desk, stream, last, &events, &state);
    if at.is_none() {
        tell_cut(&mut report, &[first]);
    }
    Ok(report)
}

fn told(desk: &Desk, stream: &str, last: u64, events: &[Envelope], state: &Value) -> Report {
    let mut report = Report::default();
    let mut listed = Vec::new();
    for event in events {
        let line = event_line(event);
        let payload = payload(desk, event);
        report.line(Tone::Plain, line);
        report.line(Tone::Dim, format!("    {payload}"));
        listed.push(json!({
            "version": event.version, "at": event.occurred_at, "event": event.event_type,
            "schemaVersion": event.schema_version, "payload": payload,
        }));
    }
    let state = mask(state, desk.shown);
    report.line(Tone::Plain, format!("state at version {last}"));
    report.line(Tone::Dim, format!("    {state}"));
    report.field("stream", stream);
    report.field("version", last);
    report.field("events", listed);
    report.field("state", state);
    report
}

/// One event on one line.
pub(super) fn event_line(event: &Envelope) -> String {
    format!(
        "{}  {}#{}  v{}  {}",
        event.occurred_at,
        event.aggregate_type,
        event.aggregate_id,
        event.version,
        event.event_type
    )
}

/// The payload as it may be shown.
pub(super) fn payload(desk: &Desk, event: &Envelope) -> Value {
    mask(&event.payload.read().unwrap_or_default(), desk.shown)
}
