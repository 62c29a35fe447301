//! The output of a running system: one line for each event at the store, the topic, the bus, and each view and policy. It goes to
//! standard error; standard output has only the line that reports that the system is ready.

use std::fmt;

use dekigoto::{Commit, Envelope, batch::Report, policies::Ticked};
use tracing_subscriber::filter::LevelFilter;

use crate::Received;

/// Starts the service's own log: warnings and errors only.
pub fn init() {
    let _ = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .try_init();
}

/// The store has a new commit.
pub fn stored(commit: &Commit) {
    for event in commit.envelopes() {
        line("store", &event.event_type, &place(&event));
    }
}

/// The topic or the bus has a new message.
pub fn sent(message: &Received) {
    let what = match serde_json::from_str::<Envelope>(&message.body) {
        Ok(event) => place(&event),
        Err(_) => "integration event".to_owned(),
    };
    let at = message.place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
    line(message.from, &message.kind, &format!("{what}{at}"));
}

/// A view or a policy, such as `view order-summary`, finished a batch.
pub fn handled(handler: &str, report: &Report) {
    let (kind, name) = handler.split_once(' ').unwrap_or(("", handler));
    line(kind, name, &report.tally);
    for (_, reason) in &report.reasons {
        line(kind, name, reason);
    }
}

/// The ticker did not feed all that was due. It tries again.
pub fn ticked(policy: &str, ticked: &Ticked) {
    if !ticked.is_complete() {
        let Ticked { refused, unlisted, .. } = ticked;
        let left = format!("{refused} not handled, {unlisted} partitions not listed");
        line("due", policy, &left);
    }
}

/// The relay finished a round. Only failures are shown: the topic and the bus show what is sent.
pub fn published(report: &Report) {
    report.reasons.iter().for_each(|(_, reason)| line("relay", "not published", reason));
}

/// The tables of the database are up to date, because MIGRATE=yes asked for it. A deployed function never does this.
#[cfg(feature = "postgres")]
pub fn migrated(before: i32, now: i32) {
    line("store", "tables are up to date", &format!("version {now}, before {before}"));
}

/// A part of the system does not work. It tries again.
pub fn trouble(part: &str, cause: &dyn std::error::Error) {
    let deeper = cause.source().map_or_else(String::new, |deeper| format!(": {deeper}"));
    line(part, "does not work", &format!("{cause}{deeper}"));
}

fn place(event: &Envelope) -> String {
    format!("{} {} v{}", event.aggregate_type, event.aggregate_id, event.version)
}

fn line(part: &str, what: &str, where_: &dyn fmt::Display) {
    eprintln!("{part:<6} {what:<32} {where_}");
}
