//! Shows dead letters: grouped by queue and reason, or one by one.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    letters::{Dead, Filter, How, collect},
    route::way_back,
};
use crate::{
    desk::Desk,
    failure::Failure,
    out::{Report, Table, Tone, mask},
    text::{age, plural},
};

/// `dlq list`: how many letters there are, by queue and reason.
pub(crate) async fn list(desk: &Desk, filter: &Filter) -> Result<Report, Failure> {
    let reading = collect(desk, filter).await?;
    reading.release(desk).await?;
    let mut groups: BTreeMap<(String, How, String), Vec<&Dead>> = BTreeMap::new();
    for dead in &reading.taken {
        let group = (dead.queue.clone(), dead.how, dead.reason.clone());
        groups.entry(group).or_default().push(dead);
    }
    let mut report = Report::default();
    let mut table = Table::new(["queue", "letters", "oldest", "lost in", "reason", "way back"]);
    let mut listed = Vec::new();
    for ((queue, how, reason), letters) in groups {
        let Some(first) = letters.first() else { continue };
        let oldest = letters.iter().filter_map(|dead| dead.age(desk.now())).max();
        let retention = desk.cloud.queue(&first.url).await?.retention;
        let left = oldest.map(|oldest| retention.saturating_sub(oldest));
        let way = way_back(desk, first).text();
        let shown = |time: Option<Duration>| time.map_or_else(|| "?".to_owned(), age);
        listed.push(json!({
            "queue": queue, "how": how, "reason": reason, "letters": letters.len(), "wayBack": way,
            "oldestSeconds": oldest.map(|it| it.as_secs()), "lostInSeconds": left.map(|it| it.as_secs()),
        }));
        let count = letters.len().to_string();
        table.row(Tone::Bad, [queue, count, shown(oldest), shown(left), reason, way]);
    }
    report.field("groups", listed);
    report.field("letters", reading.taken.len());
    if reading.taken.is_empty() {
        report.line(Tone::Good, "no dead letters");
        return Ok(report);
    }
    report.attention();
    report.table(table);
    note_cuts(&mut report, &reading.cut);
    report.line(Tone::Dim, "see each with `dlq show`; send them back with `dlq redrive`");
    Ok(report)
}

/// `dlq show`: each letter.
pub(crate) async fn show(desk: &Desk, filter: &Filter) -> Result<Report, Failure> {
    let reading = collect(desk, filter).await?;
    reading.release(desk).await?;
    let mut report = Report::default();
    let mut shown = Vec::new();
    for dead in &reading.taken {
        let age = dead.age(desk.now()).map(age).unwrap_or_default();
        report.line(Tone::Plain, format!("{}  {}  {age}", dead.queue, dead.about()));
        report.line(Tone::Bad, format!("  reason    {}", dead.reason));
        report.line(Tone::Plain, format!("  way back  {}", way_back(desk, dead).text()));
        let body = masked(&dead.letter.body, desk);
        report.line(Tone::Dim, format!("  body      {body}"));
        shown.push(json!({
            "queue": dead.queue, "id": dead.letter.id, "about": dead.about(), "how": dead.how, "reason": dead.reason,
            "body": body,
        }));
    }
    report.field("letters", shown);
    report.line(Tone::Dim, plural(reading.taken.len(), "letter"));
    note_cuts(&mut report, &reading.cut);
    Ok(report)
}

/// The fields of a body that hold what customers wrote.
const PRIVATE: [&str; 4] = ["payload", "metadata", "detail", "data"];

/// Masks the payload of an event and leaves its place in the stream. Anything else is masked whole.
fn masked(body: &str, desk: &Desk) -> Value {
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    let is_known =
        ["eventType", "ordinal", "DDBStreamBatchInfo"].iter().any(|it| body.get(it).is_some());
    match body {
        Value::Object(mut fields) if is_known => {
            for name in PRIVATE {
                if let Some(value) = fields.get_mut(name) {
                    *value = mask(value, desk.shown);
                }
            }
            Value::Object(fields)
        }
        other => mask(&other, desk.shown),
    }
}

pub(super) fn note_cuts(report: &mut Report, cut: &[String]) {
    for queue in cut {
        let text =
            format!("only the first letters of {queue} were read; repeat the command for more");
        report.line(Tone::Plain, text);
    }
}
