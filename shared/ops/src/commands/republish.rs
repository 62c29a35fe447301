//! `dekigoto republish`: publishes commits again. Consumers see duplicates, which change nothing.

use dekigoto::{Pointer, StreamId, Target, Timestamp};
use serde_json::json;

use super::commits::First;
use crate::{
    desk::{Consent, Desk},
    dlq::publish_again,
    failure::{Failure, Kind},
    out::{Report, Tone},
    text::plural,
};

/// What to publish again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The commits of one stream.
    Stream(String),
    /// The commits of a time window.
    Window {
        /// From this time on.
        from: Timestamp,
        /// Before this time.
        to: Timestamp,
    },
}

pub(crate) async fn republish(
    desk: &Desk,
    again: &Again,
    targets: &[Target],
) -> Result<Report, Failure> {
    match again {
        Again::Stream(stream) => of_stream(desk, stream, targets).await,
        Again::Window { from, to } => window(desk, *from, *to).await,
    }
}

async fn of_stream(desk: &Desk, stream: &str, targets: &[Target]) -> Result<Report, Failure> {
    let id = StreamId::from_key(stream).map_err(|_| {
        Failure::argument(format!("{stream:?} names no stream"), "write it as Type#id")
    })?;
    // All of them, however many there are.
    let First { commits, .. } = First::read(&*desk.ports.store, &id, usize::MAX).await?;
    if commits.is_empty() {
        let what = format!("the stream {stream} does not exist");
        return Err(Failure::new(Kind::NotFound, what, "check the id and `--stack`"));
    }
    let queue = desk.layout.retry_queue()?.to_owned();
    desk.cloud.queue(&queue).await?;
    let mut report = Report::default();
    report.field("commits", commits.len());
    let commits_text = plural(commits.len(), "commit");
    if desk.consent == Consent::Dry {
        report.line(Tone::Plain, format!("{commits_text} of {stream} would be published again"));
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
        return Ok(report);
    }
    let send = || async {
        for commit in &commits {
            let pointer = Pointer::to(commit).only(targets.iter().copied());
            desk.cloud.send(&queue, &pointer.text()).await?;
        }
        Ok(commits.len())
    };
    let done =
        desk.change(format!("republish {stream}"), send, |sent| format!("sent {sent} pointers"));
    if let Some(sent) = done.await? {
        report.field("sent", sent);
        report
            .line(Tone::Good, format!("the publisher publishes {commits_text} of {stream} again"));
    }
    Ok(report)
}

async fn window(desk: &Desk, from: Timestamp, to: Timestamp) -> Result<Report, Failure> {
    if from >= to {
        let what = format!("the window from {from} to {to} is empty");
        return Err(Failure::argument(what, "name an earlier `--from`"));
    }
    let function = desk.layout.called(desk.layout.publisher()?);
    desk.cloud.function(&function).await?;
    let mut report = Report::default();
    if desk.consent == Consent::Dry {
        let text = format!("the commits from {from} to before {to} would be published again");
        report.line(Tone::Plain, text);
        report.line(Tone::Plain, "nothing was changed; add --yes --why \"…\"");
        return Ok(report);
    }
    let payload = json!({ "republish": { "from": from, "to": to } });
    let invoke = || publish_again(desk, &function, &payload);
    let what = format!("republish from {from} to {to}");
    let done = desk.change(what, invoke, |count| format!("{count} pointers")).await?;
    if let Some(count) = done {
        report.field("pointers", count);
        report.line(Tone::Good, format!("the publisher publishes {count} commits again"));
    }
    Ok(report)
}
