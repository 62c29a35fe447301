//! `dekigoto rows ID`: the rows of views that the events of one aggregate changed.

use std::collections::BTreeSet;

use dekigoto::{Commit, Envelope, Row, RowKey, RowQuery, StreamId, ViewStore};
use serde_json::{Value, json};

use super::{
    commits::{COMMITS_MAX, First, tell_cut},
    generations::of_view,
};
use crate::{
    desk::Desk,
    failure::{Failure, Kind, of_store},
    out::{Report, Table, Tone, mask},
};

/// Stored rows of one row of a view that are shown: a hot row is a sum of parts, one for each writer.
const PARTS_MAX: u32 = 50;

pub(crate) async fn rows(desk: &Desk, id: &str) -> Result<Report, Failure> {
    let read = commits_of(desk, id).await?;
    let commits = read.iter().flat_map(|it| &it.commits);
    let events: Vec<Envelope> = commits.flat_map(Commit::envelopes).collect();
    let mut report = Report::default();
    let mut table = Table::new(["view", "row", "revision", "watermarks"]);
    let mut listed = Vec::new();
    for view in desk.service.views() {
        let live = of_view(desk, view.name()).await?.live;
        let rows = desk.ports_in(view.name(), live).views;
        let keys = events.iter().filter_map(|event| view.row_key(event).ok().flatten());
        for key in keys.collect::<BTreeSet<RowKey>>() {
            for row in stored(&*rows, &key).await? {
                let place = format!("{} {}", row.key.partition, row.key.sort);
                let body: Value = row.body.read().unwrap_or_default();
                let marks = body.get("watermarks").map(Value::to_string).unwrap_or_default();
                let revision = row.revision.to_string();
                table.row(Tone::Plain, [view.name().to_owned(), place, revision, marks]);
                listed.push(json!({
                    "view": view.name(), "partition": row.key.partition, "sort": row.key.sort,
                    "revision": row.revision, "watermarks": body.get("watermarks"),
                    "row": mask(body.get("row").unwrap_or(&body), desk.shown),
                }));
            }
        }
    }
    report.field("rows", &listed);
    report.table(table);
    for row in &listed {
        report.line(Tone::Dim, row.to_string());
    }
    tell_cut(&mut report, &read);
    Ok(report)
}

async fn commits_of(desk: &Desk, id: &str) -> Result<Vec<First>, Failure> {
    let mut read = Vec::new();
    for aggregate in desk.service.aggregates() {
        let stream = StreamId::new(aggregate.name(), id);
        let stream = stream.map_err(|why| Failure::argument(why.to_string(), "check the id"))?;
        read.push(First::read(&*desk.ports.store, &stream, COMMITS_MAX).await?);
    }
    if read.iter().all(|it| it.commits.is_empty()) {
        let what = format!("no aggregate has the id {id}");
        return Err(Failure::new(Kind::NotFound, what, "check the id and `--stack`"));
    }
    Ok(read)
}

/// The row with this key, and its parts, whose places begin with that of the row.
async fn stored(views: &dyn ViewStore, key: &RowKey) -> Result<Vec<Row>, Failure> {
    let query = RowQuery {
        index: None,
        partition: key.partition.clone(),
        between: Some((key.sort.clone(), format!("{}#~", key.sort))),
        newest_first: false,
        limit: PARTS_MAX,
        after: None,
    };
    let page = views.list(&query).await.map_err(|error| of_store(&error))?;
    Ok(page.rows)
}
