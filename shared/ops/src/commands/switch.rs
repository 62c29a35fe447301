//! `dekigoto switch`, `rollback` and `drop`: what becomes of a generation. Each is one write; `drop` then deletes rows.

use std::sync::atomic::{AtomicU64, Ordering};

use dekigoto::generations::{
    Generation, Generations, RowsOf, Step, end_drop, erase_all, preview, take,
};

use super::generations::{refused, view_of};
use crate::{
    desk::{Consent, Desk},
    failure::{Failure, of_store},
    out::{Report, Tone},
};

/// Deleted rows between two lines on the screen.
const ROWS_PER_LINE: u64 = 10_000;

/// Makes another generation live: by `Step::Switch` or `Step::RollBack`.
pub(crate) async fn make_live(desk: &Desk, name: &str, step: Step) -> Result<Report, Failure> {
    let view = view_of(desk, name)?.name();
    let next = preview(&*desk.ports.views, view, step, desk.now()).await;
    let next = next.map_err(|error| refused(view, &error))?;
    let mut report = Report::default();
    report.field("view", view);
    report.field("live", next.live);
    if desk.consent == Consent::Dry {
        report.line(Tone::Plain, format!("generation {} of {view} would be live", next.live));
        return Ok(dry(report));
    }
    let what = match step {
        Step::RollBack => format!("rollback {view} to generation {}", next.live),
        Step::Switch(_) | Step::Begin(_) | Step::Drop => {
            format!("switch {view} to generation {}", next.live)
        }
    };
    let change = || async {
        let taken = take(&*desk.ports.views, view, step, desk.now()).await;
        taken.map_err(|error| refused(view, &error))
    };
    desk.change(what, change, |next| format!("generation {} is live", next.live)).await?;
    report.line(
        Tone::Good,
        format!("generation {} of {view} is live; readers follow within seconds", next.live),
    );
    report.line(
        Tone::Dim,
        format!("the other is still fed: `dekigoto rollback {view}` leads back, `dekigoto drop {view}` deletes it"),
    );
    Ok(report)
}

/// Deletes the generation beside the live one, page by page. Also gives a rebuild up.
pub(crate) async fn drop_generation(desk: &Desk, name: &str) -> Result<Report, Failure> {
    let view = view_of(desk, name)?.name();
    let next = preview(&*desk.ports.views, view, Step::Drop, desk.now()).await;
    let next = next.map_err(|error| refused(view, &error))?;
    let generation = dropped(&next);
    let mut report = Report::default();
    report.field("view", view);
    report.field("generation", generation);
    if desk.consent == Consent::Dry {
        let text = format!(
            "generation {generation} of {view} would be deleted; generation {} is live",
            next.live
        );
        report.line(Tone::Plain, text);
        return Ok(dry(report));
    }
    let rows = RowsOf::generation(view, generation);
    let shown = AtomicU64::new(0);
    let seen = |deleted: u64| {
        if deleted / ROWS_PER_LINE > shown.load(Ordering::Relaxed) {
            shown.store(deleted / ROWS_PER_LINE, Ordering::Relaxed);
            desk.screen.line(&format!("{deleted} rows are deleted"));
        }
    };
    let change = || async {
        let taken = take(&*desk.ports.views, view, Step::Drop, desk.now()).await;
        taken.map_err(|error| refused(view, &error))?;
        let deleted = erase_all(&*desk.eraser, &rows, &seen).await;
        let deleted = deleted.map_err(|error| of_store(&error))?;
        end_drop(&*desk.ports.views, view).await.map_err(|error| refused(view, &error))?;
        Ok(deleted)
    };
    let what = format!("drop generation {generation} of {view}");
    let done = desk.change(what, change, |rows| format!("deleted {rows} rows")).await?;
    let rows = done.unwrap_or_default();
    report.field("rows", rows);
    report.line(Tone::Good, format!("generation {generation} of {view} is gone: {rows} rows"));
    Ok(report)
}

fn dropped(next: &Generations) -> Generation {
    next.beside.as_ref().map_or(next.newest, |beside| beside.generation)
}

fn dry(mut report: Report) -> Report {
    report.field("changed", false);
    report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
    report
}
