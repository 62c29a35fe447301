//! Sample messages for the tests of consumers in any language: every golden message as a line of JSON.
//!
//! `topic.jsonl` has what a queue with raw delivery receives from the topic, and `bus.jsonl` what a rule's target receives
//! from the bus. The files `…-twice-shuffled.jsonl` have every line twice, in another order.

use std::path::{Path, PathBuf};

use dekigoto::Message;
use serde_json::{Value, json};

use crate::{
    catalogue::{Event, Kind, events},
    text,
};

const FOLDER: &str = "infra/consumers/messages";

/// Any odd number with many bits: a step of the generator that shuffles.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;

pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let (mut topic, mut bus) = (Vec::new(), Vec::new());
    for event in events() {
        for message in &event.messages {
            match event.kind {
                Kind::Domain { .. } => topic.push(text::line(&from_topic(message))),
                Kind::Integration { .. } => bus.push(text::line(&from_bus(&event, message))),
            }
        }
    }
    let file = |name: &str, lines: Vec<String>| (Path::new(FOLDER).join(name), lines.concat());
    vec![
        file("topic-twice-shuffled.jsonl", twice_shuffled(&topic)),
        file("topic.jsonl", topic),
        file("bus-twice-shuffled.jsonl", twice_shuffled(&bus)),
        file("bus.jsonl", bus),
    ]
}

/// A message as SQS has it after raw delivery: the body is text.
fn from_topic(message: &Message) -> Value {
    let attributes = message.attributes.iter().map(|(name, value)| {
        let kind = match value {
            dekigoto::Attribute::Text(_) => "String",
            dekigoto::Attribute::Number(_) => "Number",
        };
        ((*name).to_owned(), json!({ "dataType": kind, "stringValue": value.to_string() }))
    });
    json!({ "attributes": attributes.collect::<serde_json::Map<_, _>>(), "body": message.body })
}

/// An event as EventBridge hands it to a target.
fn from_bus(event: &Event, message: &Message) -> Value {
    let detail: Value = serde_json::from_str(&message.body).unwrap();
    json!({
        "version": "0",
        "id": detail["id"],
        "detail-type": event.name,
        "source": detail["source"],
        "account": "111122223333",
        "time": "2026-11-23T09:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    })
}

/// Every line twice, in an order that is always the same.
fn twice_shuffled(lines: &[String]) -> Vec<String> {
    let mut lines = [lines, lines].concat();
    let mut state = MULTIPLIER;
    for place in (1..lines.len()).rev() {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(1);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        lines.swap(place, other);
    }
    lines
}

#[test]
fn the_shuffled_samples_have_every_message_twice_and_out_of_order() {
    let lines: Vec<String> = (0..20).map(|it| it.to_string()).collect();
    let shuffled = twice_shuffled(&lines);
    for line in &lines {
        assert_eq!(shuffled.iter().filter(|it| *it == line).count(), 2, "{line}");
    }
    assert_ne!(shuffled[..20], lines[..]);
}
