//! `dekigoto restore`: brings the event table back as of a moment, as a new table beside the old one, and checks it. The
//! stack is not changed: the command ends with the plan for attaching the table.

use std::time::Duration;

use dekigoto::Timestamp;
use serde_json::json;

use crate::{
    cloud::TableState,
    desk::{Consent, Desk},
    failure::{Failure, Kind, of_store},
    out::{Report, Tone},
};

/// How often to look whether the new table is there.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long to look. The restoration goes on without the command, and the command can be repeated.
const LOOK_TIME_MAX: Duration = Duration::from_secs(6 * 3600);

/// Commits that the check reads.
const CHECKED_COMMITS: u32 = 500;

/// What to restore.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The moment; `None` for the latest.
    pub(crate) at: Option<Timestamp>,
    /// The new table's name.
    pub(crate) table: String,
}

pub(crate) async fn restore(desk: &Desk, wanted: &Wanted) -> Result<Report, Failure> {
    let source = desk.layout.event_table();
    if wanted.table == source {
        let what = format!("{source} is the live event table");
        return Err(Failure::argument(what, "name another table with `--table`"));
    }
    if wanted.at.is_some_and(|at| at > desk.now()) {
        return Err(Failure::argument(
            "the moment is in the future",
            "give `--at` a moment of the last 35 days",
        ));
    }
    if !desk.cloud.table(source).await?.can_be_restored {
        let what = format!("{source} has no point-in-time recovery");
        return Err(Failure::new(
            Kind::Refused,
            what,
            "deploy the template again; the past cannot be restored",
        ));
    }
    let there = existing(desk, &wanted.table).await?;
    let mut report = Report::default();
    report.field("table", wanted.table.clone());
    report.field("from", source);
    if desk.consent == Consent::Dry {
        report.field("changed", false);
        report.line(Tone::Plain, dry_text(source, wanted, there.is_some()));
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
        return Ok(report);
    }
    let what = format!("restore {source} as {}", wanted.table);
    let change = || async {
        if there.is_none() {
            desk.cloud.restore_table(source, &wanted.table, wanted.at).await?;
        }
        until_active(desk, &wanted.table).await?;
        // A restored table has neither.
        desk.cloud.enable_recovery(&wanted.table).await?;
        if desk.cloud.table(&wanted.table).await?.stream.is_none() {
            desk.cloud.enable_stream(&wanted.table).await?;
        }
        Ok(())
    };
    desk.change(what, change, |()| "restored".to_owned()).await?;
    report.line(
        Tone::Good,
        format!("{} is there, with a stream and point-in-time recovery", wanted.table),
    );
    check(desk, &wanted.table, &mut report).await?;
    plan(source, &wanted.table, &mut report);
    Ok(report)
}

fn dry_text(source: &str, Wanted { at, table }: &Wanted, is_there: bool) -> String {
    if is_there {
        return format!(
            "{table} is there already: it would get its stream and its recovery, and be checked"
        );
    }
    let at = at.map_or_else(|| "the latest moment".to_owned(), |at| at.to_string());
    format!(
        "{source} as of {at} would be restored as {table}, get a stream and recovery, and be checked"
    )
}

/// The table, if it exists.
async fn existing(desk: &Desk, name: &str) -> Result<Option<TableState>, Failure> {
    match desk.cloud.table(name).await {
        Ok(table) => Ok(Some(table)),
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn until_active(desk: &Desk, name: &str) -> Result<(), Failure> {
    let started = desk.ports.host.monotonic();
    loop {
        match existing(desk, name).await? {
            Some(table) if table.status == "ACTIVE" => return Ok(()),
            Some(_) | None => {}
        }
        let waited = desk.ports.host.monotonic().saturating_sub(started);
        if waited > LOOK_TIME_MAX {
            let what = format!("{name} is still being restored");
            return Err(Failure::new(
                Kind::Unreachable,
                what,
                "repeat the command later; it goes on where it was",
            ));
        }
        desk.screen.progress(&format!("{name} is being restored for {}", crate::text::age(waited)));
        desk.ports.host.sleep(LOOK_EVERY).await;
    }
}

/// Reads commits of the new table, and compares each with the live one's.
async fn check(desk: &Desk, name: &str, report: &mut Report) -> Result<(), Failure> {
    let restored = desk.cloud.history(name)?;
    let page =
        restored.scan(0, 1, None, CHECKED_COMMITS).await.map_err(|error| of_store(&error))?;
    let (mut same, mut other) = (0_u64, 0_u64);
    for commit in &page.commits {
        let from = dekigoto::ReadFrom::Down(commit.ordinal());
        let live = desk.ports.store.read(commit.stream(), from, 1).await;
        let live = live.map_err(|error| of_store(&error))?;
        if live.first() == Some(commit) { same += 1 } else { other += 1 }
    }
    report.field(
        "checked",
        json!({ "same": same, "different": other, "damaged": page.corrupt.len() }),
    );
    let text =
        format!("read {} commits of it: {same} are as in the live table", page.commits.len());
    report.line(Tone::Plain, text);
    if other > 0 || !page.corrupt.is_empty() {
        report.attention();
        let text = format!(
            "{other} are not in the live table or differ from it, {} are damaged",
            page.corrupt.len()
        );
        report.line(Tone::Bad, text);
    }
    Ok(())
}

/// What a person does next. Each step is in the runbook.
fn plan(source: &str, table: &str, report: &mut Report) {
    let steps = [
        "stop commands: deploy with ApiReservedConcurrency at its least, and `dekigoto pause publisher`".to_owned(),
        format!("take {source} out of the stack: it is kept, because of its DeletionPolicy"),
        format!("import {table} as EventTable, with a change set of type IMPORT; then deploy the template"),
        "`dekigoto doctor`, then `dekigoto resume publisher`".to_owned(),
        "`dekigoto rebuild` and `dekigoto switch` each view: rows may hold events that are gone".to_owned(),
        "`dekigoto republish` the time between the moment and now; consumers see duplicates".to_owned(),
    ];
    report.field("plan", steps.clone());
    report.line(Tone::Plain, "to attach it to the stack:");
    for (place, step) in steps.iter().enumerate() {
        report.line(Tone::Plain, format!("  {}. {step}", place + 1));
    }
}
