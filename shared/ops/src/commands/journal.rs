//! `dekigoto journal`: the changes that operators made.

use serde_json::json;

use crate::{
    desk::Desk,
    failure::Failure,
    out::{Report, Table, Tone},
};

pub(crate) async fn journal(desk: &Desk) -> Result<Report, Failure> {
    let entries = desk.journal().of_month(desk.now()).await?;
    let mut report = Report::default();
    let mut table = Table::new(["when", "who", "what", "why", "outcome"]);
    for it in &entries {
        let (at, it) = (it.at.to_string(), it.clone());
        table.row(Tone::Plain, [at, it.who, it.what, it.why, it.outcome]);
    }
    report.field("changes", json!(entries));
    if table.is_empty() {
        report.line(Tone::Dim, "no change was made this month");
    } else {
        report.table(table);
    }
    Ok(report)
}
