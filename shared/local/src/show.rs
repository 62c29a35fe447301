//! What a person sees while the system runs: one short line for each event as it flows through store, topic, bus and
//! views. On standard error; standard output has the one line that says that the system is ready.

use std::fmt;

use dekigoto::{Commit, Envelope, Message, batch::Report};
use tracing_subscriber::filter::LevelFilter;

/// Starts the log of the service itself: warnings and errors only.
pub fn init() {
    let _ = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .try_init();
}

/// An event went into the store.
pub fn stored(commit: &Commit) {
    for event in commit.envelopes() {
        line("store", &event.event_type, &place(&event));
    }
}

/// A message went to the topic or the bus.
pub fn sent(where_to: &str, message: &Message) {
    let place = match serde_json::from_str::<Envelope>(&message.body) {
        Ok(event) => self::place(&event),
        Err(_) => "integration event".to_owned(),
    };
    line(where_to, &message.kind, &place);
}

/// A view took a batch.
pub fn viewed(view: &str, report: &Report) {
    line("view", view, &report.tally);
    for (_, reason) in &report.reasons {
        line("view", view, reason);
    }
}

fn place(event: &Envelope) -> String {
    format!("{} {} v{}", event.aggregate_type, event.aggregate_id, event.version)
}

fn line(part: &str, what: &str, where_: &dyn fmt::Display) {
    eprintln!("{part:<6} {what:<32} {where_}");
}
