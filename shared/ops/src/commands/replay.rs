//! `dekigoto replay`: history for a new subscriber. Sends stored events to one queue, and to nobody else.

use std::{collections::BTreeMap, time::Duration};

use dekigoto::{Attribute, Envelope, Message, Timestamp, replay::ReplayPosition};
use serde_json::json;

use crate::{
    desk::{Consent, Desk},
    failure::{Failure, Kind, of_store},
    out::{Report, Table, Tone},
    text::plural,
};

/// Commits in one read of the event store.
const COMMITS_PER_PAGE: u32 = 100;

/// Reads between two lines of progress.
const PAGES_PER_LINE: usize = 10;

/// The attribute that marks a replayed message.
pub(crate) const REPLAYED: &str = "replayed";

/// What to replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The ARN of the queue.
    pub(crate) queue: String,
    /// Events from this time on.
    pub(crate) from: Timestamp,
    /// Only events of these types; all if empty.
    pub(crate) types: Vec<String>,
    /// Messages a second.
    pub(crate) per_second: u32,
}

/// What a replay read and sent.
#[derive(Default)]
struct Done {
    by_type: BTreeMap<String, usize>,
    corrupt: usize,
}

impl Done {
    fn events(&self) -> usize {
        self.by_type.values().sum()
    }
}

pub(crate) async fn replay(desk: &Desk, wanted: &Wanted) -> Result<Report, Failure> {
    let url = queue_url(desk, &wanted.queue)?;
    check_types(desk, &wanted.types)?;
    // Events from now on reach the queue by its subscription.
    let until = desk.now();
    if wanted.from >= until {
        let what = format!("{} is not in the past", wanted.from);
        return Err(Failure::argument(what, "name an earlier `--from`"));
    }
    if desk.consent == Consent::Dry {
        let done = read(desk, wanted, until, None).await?;
        let mut report = told(&done);
        let text = format!("{} would be sent to {}", plural(done.events(), "event"), wanted.queue);
        report.line(Tone::Plain, text);
        report.line(Tone::Plain, "nothing was sent; add --yes --why \"…\"");
        return Ok(report);
    }
    let what = format!("replay from {} to {}", wanted.from, wanted.queue);
    let send = || read(desk, wanted, until, Some(&url));
    let done = desk.change(what, send, |done| format!("sent {} events", done.events())).await?;
    let done = done.unwrap_or_default();
    let mut report = told(&done);
    let text = format!("done: sent {} to {}", plural(done.events(), "event"), wanted.queue);
    report.line(Tone::Good, text);
    Ok(report)
}

fn told(done: &Done) -> Report {
    let mut report = Report::default();
    report.field("events", done.events());
    report.field("types", json!(done.by_type));
    report.field("corrupt", done.corrupt);
    let mut table = Table::new(["event", "count"]);
    for (name, count) in &done.by_type {
        table.row(Tone::Plain, [name.clone(), count.to_string()]);
    }
    report.table(table);
    if done.corrupt > 0 {
        let text = format!("{} could not be read, and were left out", plural(done.corrupt, "item"));
        report.line(Tone::Bad, text);
        report.attention();
    }
    report
}

/// Reads the whole store, and sends the wanted events if a queue is given. Events of one stream come in order.
async fn read(
    desk: &Desk,
    wanted: &Wanted,
    until: Timestamp,
    to: Option<&str>,
) -> Result<Done, Failure> {
    let mut done = Done::default();
    let mut after: Option<ReplayPosition> = None;
    for pages in 1.. {
        let page = desk.history.scan(0, 1, after.as_ref(), COMMITS_PER_PAGE).await;
        let page = page.map_err(|error| of_store(&error))?;
        done.corrupt += page.corrupt.len();
        for event in page.commits.iter().flat_map(dekigoto::Commit::envelopes) {
            if wanted.wants(&event, until) {
                if let Some(url) = to {
                    send(desk, url, &event, wanted.per_second).await.map_err(|failure| {
                        let count = plural(done.events(), "event");
                        let what = format!("{count} were sent before this: {failure}");
                        let next = "repeat the command; its subscriber sees duplicates";
                        Failure::new(failure.kind, what, next)
                    })?;
                }
                *done.by_type.entry(event.event_type).or_default() += 1;
            }
        }
        if pages % PAGES_PER_LINE == 0 {
            desk.screen.line(&format!("{} so far", plural(done.events(), "event")));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(done)
}

impl Wanted {
    pub(crate) fn wants(&self, event: &Envelope, until: Timestamp) -> bool {
        let is_in_time = self.from <= event.occurred_at && event.occurred_at < until;
        is_in_time && (self.types.is_empty() || self.types.contains(&event.event_type))
    }
}

async fn send(desk: &Desk, url: &str, event: &Envelope, per_second: u32) -> Result<(), Failure> {
    let mut message = Message::of(event);
    message.attributes.push((REPLAYED, Attribute::Text("true".to_owned())));
    desk.cloud.send_with(url, &message.body, &message.attributes).await?;
    desk.ports.host.sleep(Duration::from_secs(1) / per_second.max(1)).await;
    Ok(())
}

/// The URL of a queue, from its ARN. The stack's own queues are refused: a replay is for a new subscriber.
fn queue_url(desk: &Desk, arn: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = arn.split(':').collect();
    let &["arn", partition, "sqs", region, account, name] = parts.as_slice() else {
        let next = "write it as arn:aws:sqs:REGION:ACCOUNT:NAME; a replay goes to one queue, never to a topic";
        return Err(Failure::argument(format!("{arn:?} is no ARN of a queue"), next));
    };
    if [region, account, name].contains(&"") || name.contains('/') {
        let next = "write it as arn:aws:sqs:REGION:ACCOUNT:NAME";
        return Err(Failure::argument(format!("{arn:?} is no ARN of a queue"), next));
    }
    let path = format!("/{account}/{name}");
    if desk.stack.outputs.values().any(|url| url.ends_with(&path)) {
        let what = format!("{name} is a queue of the stack {}", desk.stack.name);
        let next = "name a subscriber's queue; for the stack's own, use `dekigoto republish`";
        return Err(Failure::new(Kind::Argument, what, next));
    }
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(format!("https://sqs.{region}.{domain}{path}"))
}

fn check_types(desk: &Desk, types: &[String]) -> Result<(), Failure> {
    let events = desk.service.aggregates().iter().flat_map(|it| it.events().iter());
    let known: Vec<&str> = events.map(|(name, _)| *name).collect();
    match types.iter().find(|it| !known.contains(&it.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(Failure::argument(
            format!("no event is called {unknown}"),
            format!("choose from {}", known.join(", ")),
        )),
    }
}
