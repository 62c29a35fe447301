//! Where a dead letter goes back to.

#![expect(clippy::indexing_slicing, reason = "a field that a JSON value lacks reads as null")]

use dekigoto::{Envelope, Pointer, generations::Segment, policies::DueProcess, sweep::Sweep};
use serde_json::Value;

use super::letters::Dead;
use crate::{desk::Desk, layout::DeadLetters};

/// The way back of one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To these queues: their names and URLs.
    Queues(Vec<(String, String)>),
    /// To the publisher function, which publishes the time window of a note again.
    Publisher {
        /// The function.
        function: String,
        /// The note.
        note: Value,
    },
    /// The same, with the note in an object of S3, beside the whole batch.
    Stored {
        /// The function.
        function: String,
        /// The bucket.
        bucket: String,
        /// The key of the object.
        key: String,
    },
    /// There is none.
    None(&'static str),
}

impl Way {
    /// As an operator reads it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Queues(queues) => {
                let names: Vec<&str> = queues.iter().map(|(name, _)| name.as_str()).collect();
                format!("to {}", names.join(", "))
            }
            Self::Publisher { .. } | Self::Stored { .. } => {
                "publish its time window again".to_owned()
            }
            Self::None(why) => format!("none: {why}"),
        }
    }
}

const NO_EVENT: &str = "the body is no event; discard it with a note";
const NO_POINTER: &str =
    "the body is no pointer; mend the record, republish its stream, discard it";
const NO_NOTE: &str = "the body is no note of Lambda; discard it with a note";
const NO_VIEW: &str = "no view or policy wants this event; discard it with a note";

pub(super) fn way_back(desk: &Desk, dead: &Dead) -> Way {
    let body = &dead.letter.body;
    match &dead.kind {
        DeadLetters::Consumer(consumer) => {
            let is_message = Envelope::from_message(body).is_ok()
                || DueProcess::from_message(body).is_some()
                || Segment::from_text(body).is_ok()
                || Sweep::from_text(body).is_some();
            if is_message {
                Way::Queues(vec![(consumer.name.clone(), consumer.queue.clone())])
            } else {
                Way::None(NO_EVENT)
            }
        }
        DeadLetters::Publisher { retry } => match serde_json::from_str::<Pointer>(body) {
            Ok(_) => Way::Queues(vec![("the retry queue".to_owned(), retry.clone())]),
            Err(_) => Way::None(NO_POINTER),
        },
        DeadLetters::Stream { publisher } => of_stream(publisher.clone(), body),
        DeadLetters::Subscription => subscribed(desk, body),
    }
}

/// Lambda's note, or EventBridge's event about the object in which Lambda kept note and batch.
fn of_stream(function: String, body: &str) -> Way {
    let note: Value = serde_json::from_str(body).unwrap_or_default();
    if note["DDBStreamBatchInfo"].is_object() {
        return Way::Publisher { function, note };
    }
    match stored_at(&note) {
        Some((bucket, key)) => {
            Way::Stored { function, bucket: bucket.to_owned(), key: key.to_owned() }
        }
        None => Way::None(NO_NOTE),
    }
}

/// The bucket and the key of the object that an event is about.
pub(super) fn stored_at(event: &Value) -> Option<(&str, &str)> {
    let detail = &event["detail"];
    detail["bucket"]["name"].as_str().zip(detail["object"]["key"].as_str())
}

/// SNS does not say whose queue it could not reach, so the event goes to every view and policy that wants it. Those
/// that have it see a duplicate.
fn subscribed(desk: &Desk, body: &str) -> Way {
    let Ok(event) = Envelope::from_message(body) else { return Way::None(NO_EVENT) };
    let wants = |events: Vec<&str>| events.contains(&event.event_type.as_str());
    let views = desk.service.views().iter();
    let views = views.filter(|view| wants(desk.service.events_for(&***view)));
    let policies = desk.service.policies().iter().filter(|it| wants(it.events().to_vec()));
    // A view may have the name of its policy, so the consumer of a policy has another.
    let names = views
        .map(|view| view.name().to_owned())
        .chain(policies.map(|policy| format!("{}-policy", policy.name())));
    let queues = names.filter_map(|name| {
        let consumer = desk.layout.consumers.iter().find(|it| it.name == name)?;
        Some((consumer.name.clone(), consumer.queue.clone()))
    });
    let queues: Vec<(String, String)> = queues.collect();
    if queues.is_empty() { Way::None(NO_VIEW) } else { Way::Queues(queues) }
}
