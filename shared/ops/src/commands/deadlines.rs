//! `dekigoto deadlines`: the processes that wait for a deadline.

use std::time::Duration;

use dekigoto::policies::{UPCOMING_MINUTES_MAX, upcoming};
use serde_json::json;

use super::generations::of_view;
use crate::{
    desk::Desk,
    failure::{Failure, of_store},
    out::{Report, Table, Tone},
    text::{age, plural},
};

pub(crate) async fn deadlines(desk: &Desk, within: Duration) -> Result<Report, Failure> {
    let minutes = u32::try_from(within.as_secs().div_ceil(60)).unwrap_or(u32::MAX);
    if minutes > UPCOMING_MINUTES_MAX {
        let next = format!(
            "list at most {}: each minute is a request",
            age(Duration::from_secs(60 * u64::from(UPCOMING_MINUTES_MAX)))
        );
        return Err(Failure::argument(format!("{} is too long", age(within)), next));
    }
    let mut due = Vec::new();
    for policy in desk.service.policies() {
        let live = of_view(desk, policy.name()).await?.live;
        let rows = desk.ports_in(policy.name(), live).views;
        let listed = upcoming(&*rows, policy.name(), desk.now(), minutes).await;
        due.extend(listed.map_err(|error| of_store(&error))?);
    }
    due.sort_by_key(|it| it.due_at);
    let mut report = Report::default();
    let listed =
        due.iter().map(|it| json!({ "at": it.due_at, "policy": it.policy, "process": it.process }));
    report.field("due", listed.collect::<Vec<_>>());
    report.field("within", age(within));
    if due.is_empty() {
        report.line(Tone::Good, format!("no process waits for a deadline within {}", age(within)));
        return Ok(report);
    }
    let mut table = Table::new(["due", "policy", "process"]);
    for it in &due {
        table.row(Tone::Plain, [it.due_at.to_string(), it.policy.clone(), it.process.clone()]);
    }
    report.table(table);
    report.line(
        Tone::Dim,
        format!("{}; see one with `dekigoto trace`", plural(due.len(), "deadline")),
    );
    Ok(report)
}
