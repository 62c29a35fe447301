//! `dekigoto trace ID`: the story of one aggregate: every event, and which views have it.

use std::collections::BTreeMap;

use dekigoto::{Commit, Envelope, StreamId};
use serde_json::json;

use super::{
    commits::{COMMITS_MAX, First, tell_cut},
    generations::of_view,
};
use crate::{
    desk::Desk,
    failure::{Failure, Kind, of_store},
    out::{Report, Table, Tone},
};

pub(crate) async fn trace(desk: &Desk, id: &str) -> Result<Report, Failure> {
    let mut read = Vec::new();
    for aggregate in desk.service.aggregates() {
        let stream = StreamId::new(aggregate.name(), id);
        let stream = stream.map_err(|why| Failure::argument(why.to_string(), "check the id"))?;
        read.push(First::read(&*desk.ports.store, &stream, COMMITS_MAX).await?);
    }
    let mut commits: Vec<Commit> = read.iter().flat_map(|it| it.commits.clone()).collect();
    if commits.is_empty() {
        let types: Vec<&str> = desk.service.aggregates().iter().map(|it| it.name()).collect();
        return Err(Failure::new(
            Kind::NotFound,
            format!("no {} has the id {id}", types.join(" or ")),
            "check the id and `--stack`",
        ));
    }
    commits.sort_by_key(|commit| (commit.context().at, commit.ordinal()));
    let seen = seen(desk, &commits).await?;
    let mut report = told(&commits, &seen);
    tell_cut(&mut report, &read);
    Ok(report)
}

/// Which views have an event, by stream and version.
type Seen = BTreeMap<(String, u64), Vec<(&'static str, bool)>>;

async fn seen(desk: &Desk, commits: &[Commit]) -> Result<Seen, Failure> {
    let mut streams: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
    for commit in commits {
        streams.entry(commit.stream().key()).or_default().extend(commit.envelopes());
    }
    let mut seen = Seen::new();
    for (stream, events) in streams {
        for view in desk.service.views() {
            let wanted = desk.service.events_for(&**view);
            let is_wanted = |event: &&Envelope| wanted.contains(&event.event_type.as_str());
            let events: Vec<Envelope> = events.iter().filter(is_wanted).cloned().collect();
            let live = of_view(desk, view.name()).await?.live;
            let ports = desk.ports_in(view.name(), live);
            let held = view.holds(&ports, &events).await.map_err(|error| of_store(&error))?;
            for (event, is_held) in events.iter().zip(held) {
                let place = (stream.clone(), event.version.get());
                seen.entry(place).or_default().push((view.name(), is_held));
            }
        }
    }
    Ok(seen)
}

fn told(commits: &[Commit], seen: &Seen) -> Report {
    let mut report = Report::default();
    let mut table = Table::new(["when", "stream", "version", "event", "correlation", "views"]);
    let mut listed = Vec::new();
    let mut waiting = 0;
    for event in commits.iter().flat_map(Commit::envelopes) {
        let place =
            (format!("{}#{}", event.aggregate_type, event.aggregate_id), event.version.get());
        let views = seen.get(&place).cloned().unwrap_or_default();
        let late: Vec<&str> = views.iter().filter(|(_, has)| !has).map(|(name, _)| *name).collect();
        waiting += late.len();
        let text = match (views.len(), late.len()) {
            (0, _) => "no view wants it".to_owned(),
            (all, 0) => format!("all {all}"),
            (_, _) => format!("not yet in {}", late.join(", ")),
        };
        let tone = if late.is_empty() { Tone::Plain } else { Tone::Bad };
        table.row(
            tone,
            [
                event.occurred_at.to_string(),
                event.aggregate_type.clone(),
                event.version.to_string(),
                event.event_type.clone(),
                event.metadata.correlation_id.clone(),
                text,
            ],
        );
        listed.push(json!({
            "at": event.occurred_at, "stream": place.0, "version": event.version, "event": event.event_type,
            "eventId": event.event_id, "correlationId": event.metadata.correlation_id,
            "causationId": event.metadata.causation_id, "traceparent": event.metadata.traceparent,
            "views": views.into_iter().collect::<BTreeMap<_, _>>(),
        }));
    }
    report.field("events", listed);
    report.table(table);
    if waiting == 0 {
        report.line(Tone::Good, "every view has every event");
    } else {
        report.attention();
        report.line(Tone::Bad, format!("views lack {waiting} events; see `status` and `dlq list`"));
    }
    report
}
