//! `dekigoto verify VIEW`: folds rows again from the event store, and names those that differ.

use dekigoto::views::Extent;
use serde_json::json;

use crate::{
    desk::Desk,
    failure::{Failure, of_store},
    out::{Report, Table, Tone},
};

/// Differences that are shown.
const SHOWN_MAX: usize = 50;

pub(crate) async fn verify(desk: &Desk, name: &str, extent: Extent) -> Result<Report, Failure> {
    let view = desk.service.view_named(name).map_err(|unknown| {
        Failure::argument(
            format!("no view is called {name}"),
            format!("choose one of {}", unknown.known.join(", ")),
        )
    })?;
    let found = view.verify(&desk.ports, &*desk.history, extent).await;
    let found = found.map_err(|error| of_store(&error))?;
    let mut report = Report::default();
    report.field("view", name);
    report.field("streams", found.streams);
    report.field("rows", found.rows);
    report.field("waiting", found.waiting);
    report.field("differences", json!(found.differences));
    let text = format!("looked at {} streams and folded {} rows again", found.streams, found.rows);
    report.line(Tone::Plain, text);
    if found.waiting > 0 {
        let text =
            format!("{} events are not in the view yet; see `dekigoto status`", found.waiting);
        report.line(Tone::Plain, text);
    }
    if found.differences.is_empty() {
        report.line(Tone::Good, "no row differs from the event store");
        return Ok(report);
    }
    report.attention();
    let mut table = Table::new(["row", "difference"]);
    for difference in found.differences.iter().take(SHOWN_MAX) {
        table.row(Tone::Bad, [difference.row.clone(), difference.how.clone()]);
    }
    report.table(table);
    if found.differences.len() > SHOWN_MAX {
        let text = format!("and {} more; `--json` lists all", found.differences.len() - SHOWN_MAX);
        report.line(Tone::Dim, text);
    }
    if found.waiting > 0 {
        report.line(
            Tone::Dim,
            "events that arrived meanwhile may explain a difference: verify again when none wait",
        );
    }
    Ok(report)
}
