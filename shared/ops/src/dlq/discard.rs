//! Deletes dead letters for good. The note says why; the events themselves stay in the event store.

use super::{
    letters::{Dead, Filter, collect},
    list::note_cuts,
};
use crate::{
    desk::{Consent, Desk},
    failure::Failure,
    out::{Report, Table, Tone},
    text::plural,
};

/// `dlq discard`: names the letters, and with `--yes` deletes them.
pub(crate) async fn discard(desk: &Desk, filter: &Filter) -> Result<Report, Failure> {
    let reading = collect(desk, filter).await?;
    let mut report = Report::default();
    report.field("letters", reading.taken.len());
    if reading.taken.is_empty() {
        reading.release(desk).await?;
        report.line(Tone::Good, "no dead letters to discard");
        return Ok(report);
    }
    let mut table = Table::new(["queue", "about", "reason"]);
    for dead in &reading.taken {
        table.row(Tone::Plain, [dead.queue.clone(), dead.about(), dead.reason.clone()]);
    }
    report.table(table);
    note_cuts(&mut report, &reading.cut);
    if desk.consent == Consent::Dry {
        reading.release(desk).await?;
        report.line(
            Tone::Plain,
            "nothing was changed; add --yes --why \"…\" to delete them for good",
        );
        return Ok(report);
    }
    let about: Vec<String> = reading.taken.iter().map(Dead::about).collect();
    let what = format!("dlq discard: {}", about.join(", "));
    let delete = || async {
        reading.release_others(desk).await?;
        for dead in &reading.taken {
            desk.cloud.delete(&dead.url, &dead.letter.receipt).await?;
        }
        Ok(reading.taken.len())
    };
    let done = desk.change(what, delete, |count| format!("deleted {count}")).await?;
    if let Some(count) = done {
        report.line(Tone::Good, format!("deleted {}", plural(count, "letter")));
        report.field("deleted", count);
    }
    Ok(report)
}
