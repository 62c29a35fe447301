//! `dekigoto verify VIEW`: folds rows again from the event store, and names those that differ.

use dekigoto::{generations::Generation, views::Extent};
use serde_json::json;

use super::generations::{of_view, view_of};
use crate::{
    desk::Desk,
    failure::{Failure, of_store},
    out::{Report, Table, Tone},
};

/// Differences that are shown.
const SHOWN_MAX: usize = 50;

pub(crate) async fn verify(
    desk: &Desk,
    name: &str,
    generation: Option<Generation>,
    extent: Extent,
) -> Result<Report, Failure> {
    let view = view_of(desk, name)?;
    let all = of_view(desk, name).await?;
    let generation = generation.unwrap_or(all.live);
    if !all.has(generation) {
        return Err(Failure::argument(
            format!("{name} has no generation {generation}"),
            "see `dekigoto generations`",
        ));
    }
    let found = view.verify(&desk.ports_in(name, generation), &*desk.history, extent).await;
    let found = found.map_err(|error| of_store(&error))?;
    let mut report = Report::default();
    report.field("view", name);
    report.field("generation", generation);
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
