//! `dekigoto export`: writes the event table as of a moment to a bucket, by DynamoDB itself: it costs no read units.

use dekigoto::Timestamp;

use crate::{
    desk::{Consent, Desk},
    failure::{Failure, Kind},
    out::{Report, Tone},
};

/// What to export.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The bucket.
    pub(crate) bucket: String,
    /// What the names of the objects begin with.
    pub(crate) prefix: String,
    /// The moment; `None` for now.
    pub(crate) at: Option<Timestamp>,
}

pub(crate) async fn export(desk: &Desk, wanted: &Wanted) -> Result<Report, Failure> {
    let name = desk.layout.event_table();
    if wanted.at.is_some_and(|at| at > desk.now()) {
        return Err(Failure::argument(
            "the moment is in the future",
            "give `--at` a moment of the last 35 days",
        ));
    }
    let table = desk.cloud.table(name).await?;
    if !table.can_be_restored {
        let what = format!("{name} has no point-in-time recovery, which an export reads");
        return Err(Failure::new(Kind::Refused, what, "deploy the template again"));
    }
    let place = format!("s3://{}/{}", wanted.bucket, wanted.prefix);
    let mut report = Report::default();
    report.field("table", name);
    report.field("to", place.clone());
    if desk.consent == Consent::Dry {
        report.field("changed", false);
        let at = wanted.at.map_or_else(|| "now".to_owned(), |at| at.to_string());
        report.line(Tone::Plain, format!("{name} as of {at} would be exported to {place}"));
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
        return Ok(report);
    }
    let Wanted { bucket, prefix, at } = wanted;
    let change = || desk.cloud.export_table(&table.arn, bucket, prefix, *at);
    let started =
        desk.change(format!("export {name} to {place}"), change, |arn| arn.clone()).await?;
    let arn = started.unwrap_or_default();
    report.field("export", arn.clone());
    report.line(
        Tone::Good,
        format!("{name} is being exported to {place}; DynamoDB goes on without this command"),
    );
    report.line(Tone::Dim, format!("aws dynamodb describe-export --export-arn {arn}"));
    Ok(report)
}
