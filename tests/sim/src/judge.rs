//! The checks of the simulator on what a run of the deployed system left behind: `make chaos` writes a file with the
//! clients' requests and answers, both tables, all messages, and the queues.

use std::collections::BTreeMap;

use dekigoto::{Attribute, Commit, Envelope, Message, Payload, Row, RowKey, StoredCommit};
use dekigoto_testkit::sim::{Plan, Sim, Violation};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    bugs::Wiring,
    checks,
    history::{Answer, Asked, Attempt, History, Moment, Op},
    world::World,
};

/// A commit carries the time at which its command began. After this time it is in the table, or never will be: no
/// function of the template runs longer, and no call waits longer for the network.
const STORED_WITHIN_MILLIS: i64 = 90_000;

/// The most often that one event may go to the topic. The judge does not know which call failed, so it cannot ask for the
/// reason of each sending, as `sends.rs` does. It notices only an event that is sent again and again.
const SENDS_MAX: usize = 24;

#[derive(Deserialize)]
struct Left {
    commands: Vec<Sent>,
    events: Vec<StoredCommit>,
    rows: Vec<Item>,
    topic: Vec<Heard>,
    bus: Vec<Heard>,
    /// Messages left in each queue.
    waiting: BTreeMap<String, usize>,
    dead: BTreeMap<String, Vec<Dead>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    actor: String,
    key: String,
    asked: Asked,
    order: String,
    body: Value,
    is_parallel: bool,
    attempts: Vec<Sending>,
}

/// One sending, with its moments in milliseconds since 1970.
#[derive(Deserialize)]
struct Sending {
    began: i64,
    ended: i64,
    answer: Option<Said>,
}

#[derive(Deserialize)]
struct Said {
    status: u16,
    body: Value,
    replayed: bool,
}

#[derive(Deserialize)]
struct Item {
    pk: String,
    sk: String,
    body: String,
}

#[derive(Deserialize)]
struct Heard {
    body: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Dead {
    body: String,
    reason: Option<String>,
}

/// Checks the file. Prints the number of things checked.
pub(crate) fn judge(path: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|cause| format!("{path}: {cause}"))?;
    let left: Left = serde_json::from_str(&text).map_err(|cause| format!("{path}: {cause}"))?;
    let violations = violations(&left);
    println!(
        "checked {} commands, {} commits, {} rows, {} messages on the topic, {} on the bus",
        left.commands.len(),
        left.events.len(),
        left.rows.len(),
        left.topic.len(),
        left.bus.len()
    );
    let lines = violations.iter().map(|it| format!("{}: {}", it.invariant, it.what));
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
}

fn violations(left: &Left) -> Vec<Violation> {
    let sim = Sim::new(0, Plan::Nothing, false);
    let world = World::deploy(&sim, Wiring::default(), None, None);
    let history = rebuild(&world, left);
    checks::of_tables(&world, &history);
    checks::delivery::published(&world);
    queues(&sim, left);
    sim.journal().violations.clone()
}

/// Puts what is left into the simulator's own tables, whose checks of each moment look at every commit, row and message.
fn rebuild(world: &World, left: &Left) -> History {
    let mut items = left.events.clone();
    items.sort_by(|one, other| (&one.pk, one.sk).cmp(&(&other.pk, other.sk)));
    for item in items {
        let name = format!("commit {} of {}", item.sk, item.pk);
        match Commit::try_from(item) {
            Ok(commit) => {
                if let Err(cause) = world.events.append(&commit) {
                    world.sim.violation("S2", format!("{name} has no place: {cause}"));
                }
            }
            Err(cause) => world.sim.violation("S2", format!("{name} is unreadable: {cause}")),
        }
    }
    sends(world, left);
    for heard in &left.topic {
        match message(heard) {
            Some(message) => world.truth.domain_event_sent(&message, "relay"),
            None => world.sim.violation("S7", format!("no event: {:.100}", heard.body)),
        }
    }
    for heard in &left.bus {
        let detail =
            serde_json::from_str::<Value>(&heard.body).unwrap_or_default()["detail"].take();
        let at = dekigoto::Timestamp::EPOCH;
        let (attributes, kind) = (Vec::new(), String::new());
        let (key, body) = (String::new(), detail.to_string());
        let message = Message { key, body, attributes, kind, at };
        world.truth.integration_event_sent(&message, "relay");
    }
    // All at once: a sum is compared with the records beside it.
    let rows: Vec<Row> = left.rows.iter().map(row).collect();
    world.views.write(&rows).unwrap();
    let history = History::default();
    for command in &left.commands {
        history.begin(op(command, &left.events));
    }
    history
}

/// Checks that no event was sent again and again.
fn sends(world: &World, left: &Left) {
    let mut sends: BTreeMap<&str, usize> = BTreeMap::new();
    left.topic.iter().for_each(|heard| *sends.entry(&heard.body).or_default() += 1);
    for (body, times) in sends.into_iter().filter(|(_, times)| *times >= SENDS_MAX) {
        world.sim.violation("S16", format!("went to the topic {times} times: {body:.100}"));
    }
}

fn row(item: &Item) -> Row {
    let body = Payload::from_text(item.body.clone()).unwrap();
    let key = RowKey::new(&*item.pk, &*item.sk);
    Row { key, revision: 1, body, indexes: BTreeMap::new() }
}

/// A message of the topic, with its attributes.
fn message(heard: &Heard) -> Option<Message> {
    let event = Envelope::from_message(&heard.body).ok()?;
    let mut attributes = Vec::new();
    for name in ["eventType", "aggregateType", "schemaVersion", "traceparent"] {
        let Some(value) = heard.attributes.get(name) else { continue };
        let value = match name {
            "schemaVersion" => Attribute::Number(value.parse().ok()?),
            _ => Attribute::Text(value.clone()),
        };
        attributes.push((name, value));
    }
    let at = event.occurred_at;
    let (key, body, kind) = (event.aggregate_id, heard.body.clone(), event.event_type);
    Some(Message { key, body, attributes, kind, at })
}

fn op(sent: &Sent, events: &[StoredCommit]) -> Op {
    let moment = |millis: i64| Moment {
        at: std::time::Duration::ZERO,
        order: versions(events, &format!("Order#{}", sent.order), millis),
        payment: versions(events, &format!("Payment#{}", sent.order), millis),
    };
    let attempt = |sending: &Sending| Attempt {
        // Certainly stored before it began, and at most stored when it ended.
        began: moment(sending.began - STORED_WITHIN_MILLIS),
        ended: moment(sending.ended),
        answer: sending.answer.as_ref().map(|said| Answer {
            status: said.status,
            body: said.body.clone(),
            replayed: said.replayed,
            from_store: false,
        }),
    };
    Op {
        actor: sent.actor.clone(),
        key: sent.key.clone(),
        asked: sent.asked.clone(),
        order: sent.order.clone(),
        body: sent.body.clone(),
        if_match: None,
        is_parallel: sent.is_parallel,
        is_patient: true,
        attempts: sent.attempts.iter().map(attempt).collect(),
    }
}

/// The events of a stream whose commands began by then.
fn versions(events: &[StoredCommit], stream: &str, millis: i64) -> usize {
    let by_then = events.iter().filter(|item| item.pk == stream && item.at <= millis);
    let commits = by_then.filter_map(|item| Commit::try_from(item.clone()).ok());
    commits.map(|commit| commit.events().len()).sum()
}

/// Nothing waits, and nothing is dead: every fault of the run passed within the deliveries of a message.
fn queues(sim: &Sim, left: &Left) {
    for (name, count) in &left.waiting {
        sim.violation("S15", format!("{count} messages are left in the queue of {name}"));
    }
    for (name, letters) in &left.dead {
        for Dead { body, reason } in letters {
            sim.violation("L4", format!("{name} dead-lettered {body:.80}: {reason:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What `make chaos ORDERS=4` left behind.
    const SAMPLE: &str = include_str!("judge_sample.json");

    /// The invariants that break when the sample is changed.
    fn broken(change: impl Fn(&mut Value)) -> Vec<&'static str> {
        let mut sample: Value = serde_json::from_str(SAMPLE).unwrap();
        change(&mut sample);
        let violations = violations(&serde_json::from_value(sample).unwrap());
        violations.into_iter().map(|violation| violation.invariant).collect()
    }

    fn list<'a>(sample: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
        sample[name].as_array_mut().unwrap()
    }

    /// The place of the first entry that contains both texts.
    fn place(list: &[Value], one: &str, other: &str) -> usize {
        let contains = |it: &Value| {
            let text = it.to_string();
            text.contains(one) && text.contains(other)
        };
        list.iter().position(contains).unwrap()
    }

    #[test]
    fn what_a_run_left_behind_is_without_fault() {
        assert_eq!(broken(|_| ()), [""; 0]);
    }

    #[test]
    fn whatever_is_lost_is_found() {
        let lost = |name: &'static str, one: &'static str, other: &'static str| {
            broken(move |sample| {
                let list = list(sample, name);
                list.remove(place(list, one, other));
            })
        };
        assert!(lost("events", "OrderPlaced", "Order#").contains(&"S3"));
        assert!(lost("events", "PaymentReceived", "Payment#").contains(&"S3"));
        assert!(lost("rows", "order-summary#", "confirmed").contains(&"L2"));
        assert!(lost("rows", "daily-sales#", "#w").contains(&"S8"));
        assert!(lost("bus", "OrderConfirmed", "detail").contains(&"L1"));
        // A request that nobody sent has a commit.
        assert!(lost("commands", "place", "anonymous").contains(&"S4"));
    }

    /// A message may come twice, so all copies must be lost.
    #[test]
    fn an_event_that_no_subscriber_heard_is_found() {
        let broken = broken(|sample| {
            list(sample, "topic").retain(|it| it["attributes"]["eventType"] != "OrderConfirmed");
        });
        assert!(broken.contains(&"L1"));
    }

    #[test]
    fn an_event_that_went_out_again_and_again_is_found_s16() {
        let sent = |times: usize| {
            broken(|sample| {
                let topic = list(sample, "topic");
                let first = topic[0].clone();
                topic.retain(|it| it["body"] != first["body"]);
                topic.extend(vec![first; times]);
            })
        };
        assert_eq!((sent(SENDS_MAX - 1), sent(SENDS_MAX)), (vec![], vec!["S16"]));
    }

    #[test]
    fn what_is_counted_twice_or_left_over_is_found() {
        let twice = broken(|sample| {
            let rows = list(sample, "rows");
            let part = place(rows, "customer-summary#", "orderCount");
            let mut body: Value =
                serde_json::from_str(rows[part]["body"].as_str().unwrap()).unwrap();
            body["orderCount"] = json!(body["orderCount"].as_u64().unwrap() + 1);
            rows[part]["body"] = json!(body.to_string());
        });
        assert!(twice.contains(&"S8"), "{twice:?}");
        let waits = broken(|sample| sample["waiting"] = json!({ "retries": 1 }));
        assert_eq!(waits, ["S15"]);
        let dead = json!({ "policy": [{ "body": "{}", "reason": null }] });
        assert_eq!(broken(|sample| sample["dead"] = dead.clone()), ["L4"]);
    }

    /// The rows of the orders, each changed.
    fn order_rows(sample: &mut Value, change: impl Fn(&mut Value)) {
        for row in list(sample, "rows") {
            if row["pk"].as_str().unwrap().starts_with("order-summary#") {
                let mut body: Value = serde_json::from_str(row["body"].as_str().unwrap()).unwrap();
                change(&mut body);
                row["body"] = json!(body.to_string());
            }
        }
    }

    #[test]
    fn a_row_that_is_not_the_fold_of_its_events_is_found_unless_old_code_wrote_it() {
        let wrong = |row: &mut Value| row["row"]["order"]["status"] = json!("unknown");
        let broken_now = broken(|sample| order_rows(sample, wrong));
        assert!(broken_now.contains(&"S8"), "{broken_now:?}");
        // Before rows had a schema. Such a row is folded again before anybody sees it; but it must have seen everything.
        let of_old_code = |row: &mut Value| {
            row.as_object_mut().unwrap().remove("schema").unwrap();
            wrong(row);
        };
        assert_eq!(broken(|sample| order_rows(sample, of_old_code)), [""; 0]);
        let behind = |row: &mut Value| {
            of_old_code(row);
            row["watermarks"]["Order"] = json!(1);
        };
        let broken = broken(|sample| order_rows(sample, behind));
        assert!(broken.contains(&"L2"), "{broken:?}");
    }

    /// The answer named another version than the store has.
    #[test]
    fn an_answer_that_the_store_does_not_confirm_is_found() {
        let broken = broken(|sample| {
            let commands = list(sample, "commands");
            let paid = place(commands, "captured", "201");
            for attempt in commands[paid]["attempts"].as_array_mut().unwrap() {
                attempt["answer"]["body"]["version"] = json!(9);
            }
        });
        assert!(broken.contains(&"S3"), "{broken:?}");
    }
}
