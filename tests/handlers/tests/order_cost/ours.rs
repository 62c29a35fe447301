//! Orders through our functions, on stores that charge the units: one for the events, one for the rows of views.

use std::sync::Arc;

use aws_sdk_dynamodb::types::ProjectionType;
use dekigoto::{
    RowKey,
    memory::{MemoryStore, MemoryViews},
    views::EVENTS_PER_WRITE_MAX,
};
use dekigoto_dynamodb::{DynamoEventStore, DynamoViewStore};
use dekigoto_testkit::sim::STREAM_BATCH_MAX;
use serde_json::json;

use super::used::{Used, count, plus, times};
use crate::{
    charged::{ChargedStore, ChargedViews},
    engine::{self, Meter},
    journey::{Batches, Journey},
    log::Log,
    support::Functions,
};

/// How many orders are on their way at once, and the batches in which AWS delivers what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) name: &'static str,
    pub(super) orders: usize,
    pub(super) batches: Batches,
}

/// `BatchSize` of the policies in the template.
pub(super) const POLICY_BATCH: usize = 10;

/// Nothing shares a batch: the most that an order can cost.
pub(super) fn alone() -> Scale {
    Scale { name: "alone", orders: 1, batches: Batches::default() }
}

/// So many orders that each batch of a view is full. No two of their events are of one order, so only rows across orders
/// share writes.
pub(super) fn under_load() -> Scale {
    let batches =
        Batches { stream: STREAM_BATCH_MAX, views: EVENTS_PER_WRITE_MAX, policies: POLICY_BATCH };
    Scale { name: "full batches", orders: EVENTS_PER_WRITE_MAX, batches }
}

/// What an order uses, part by part.
pub(super) struct Parts {
    /// Loads and appends of the commands that a client sends.
    pub(super) commands: engine::Used,
    /// Reads of the event table by views, and all that policies read and append.
    pub(super) events: engine::Used,
    /// Rows of views.
    pub(super) rows: engine::Used,
    /// The part of `rows` that reads which generations of a view are fed, once a batch.
    pub(super) register: engine::Used,
    /// All but DynamoDB.
    pub(super) rest: Used,
    /// The bodies of one order's messages on the topic, in the order of its commands.
    pub(super) bodies: Vec<String>,
}

impl Parts {
    pub(super) fn used(&self) -> Used {
        self.rest.with(plus(self.commands, plus(self.events, self.rows)))
    }
}

/// What charges the units.
#[derive(Clone, Copy, Debug)]
pub(super) enum Charging {
    /// An embedded DynamoDB behind the real adapters.
    Engine,
    /// DynamoDB's rules, which for an order alone say the same: see the test.
    Rules,
}

/// All functions on new stores, the meters of events and of rows, and what it costs to read a row that is not there.
async fn functions(charging: Charging) -> (Functions, Meter, Meter, engine::Used) {
    let (world, events, rows) = match charging {
        Charging::Engine => {
            let (events, events_meter) = engine::start().await;
            let (rows, rows_meter) = engine::start().await;
            engine::event_table(&events, "events").await;
            engine::view_table(&rows, "views", &ProjectionType::KeysOnly).await;
            let store = Arc::new(DynamoEventStore::new(events, "events"));
            let views = Arc::new(DynamoViewStore::new(rows, "views"));
            (Functions::on(store.clone(), views, store), events_meter, rows_meter)
        }
        Charging::Rules => {
            let (events, rows) = (Meter::default(), Meter::default());
            let memory = Arc::new(MemoryStore::new());
            let store = ChargedStore { inner: memory.clone(), meter: events.clone() };
            let views = ChargedViews { inner: Arc::new(MemoryViews::new()), meter: rows.clone() };
            (Functions::on(Arc::new(store), Arc::new(views), memory), events, rows)
        }
    };
    world.ports().views.read(&[RowKey::new("nothing", "nothing")]).await.unwrap();
    let one_missing_row = rows.take();
    (world, events, rows, one_missing_row)
}

/// What an order uses in a system without those views and policies.
pub(super) async fn measure(
    charging: Charging,
    scale: Scale,
    left_out: &'static [&'static str],
) -> Parts {
    let (world, events_meter, rows_meter, one_missing_row) = functions(charging).await;
    let log = Log::start();
    let mut journey = Journey::on(world);
    (journey.batches, journey.left_out) = (scale.batches, left_out);
    let mut parts = Parts {
        commands: engine::Used::default(),
        events: engine::Used::default(),
        rows: engine::Used::default(),
        register: engine::Used::default(),
        rest: Used::default(),
        bodies: Vec::new(),
    };
    let mut orders = Vec::new();
    for (command, body, status) in commands(!left_out.contains(&"fulfilment")) {
        for place in 0..scale.orders {
            let mut body = body.clone();
            if command == "place" {
                body["customerId"] = json!(format!("c-{place}"));
                let placed = journey.send("/v1/orders".to_owned(), &body, status).await;
                orders.push(placed["orderId"].as_str().unwrap().to_owned());
            } else {
                let path = format!("/v1/orders/{}/{command}", orders[place]);
                journey.send(path, &body, status).await;
            }
        }
        parts.commands = plus(parts.commands, plus(events_meter.take(), rows_meter.take()));
        journey.settle().await;
        parts.events = plus(parts.events, events_meter.take());
        parts.rows = plus(parts.rows, rows_meter.take());
    }
    let is_of_first = |body: &&String| body.contains(&orders[0]);
    let bodies = journey.sent.0.iter().map(|message| &message.body).filter(is_of_first);
    parts.bodies = bodies.cloned().collect();
    let batches_of_views = journey.invocations.iter();
    let batches_of_views = batches_of_views.filter(|it| !is_no_view(it)).count();
    parts.register = times(one_missing_row, count(batches_of_views));
    parts.rest = rest(&journey, log.text().len()).of_one(scale.orders);
    for part in [&mut parts.commands, &mut parts.events, &mut parts.rows, &mut parts.register] {
        *part = times(*part, 1.0 / count(scale.orders));
    }
    parts
}

fn is_no_view(function: &str) -> bool {
    function == "api" || function == "publisher" || function.ends_with("-policy")
}

/// What a client sends for one order: the command, its body, and the status of the answer. The process confirms by itself.
fn commands(with_process: bool) -> Vec<(&'static str, serde_json::Value, u16)> {
    let place = json!({"currency": "JPY",
                       "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]});
    let pay = json!({"reference": "r-1", "amount": 3000, "currency": "JPY", "outcome": "captured"});
    let ship = json!({"carrier": "DHL", "trackingNumber": "00340434161094042557"});
    let mut commands = vec![("place", place, 201), ("payments", pay, 201)];
    if !with_process {
        commands.push(("confirm", json!({}), 200));
    }
    commands.extend([("ship", ship, 200), ("deliver", json!({}), 200)]);
    commands
}

fn rest(journey: &Journey, log_bytes: usize) -> Used {
    let messages = journey.messages;
    Used {
        api_requests: count(journey.requests),
        invocations: count(journey.invocations.len()),
        topic: count(messages.topic),
        topic_requests: count(messages.topic_calls),
        bus: count(messages.bus),
        queues: count(messages.queues),
        queue_requests: count(journey.queue_requests),
        log_bytes: count(log_bytes),
        ..Used::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number of that name after the beginning of a block of the template.
    fn number(block: &str, name: &str) -> usize {
        let template = include_str!("../../../../template.yaml");
        let (_, block) = template.split_once(&format!(" {block}:\n")).unwrap();
        let (_, value) = block.split_once(&format!("{name}: ")).unwrap();
        let digits = value.trim_start_matches(|it: char| !it.is_ascii_digit());
        digits.split(|it: char| !it.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    #[test]
    fn full_batches_are_those_of_the_template() {
        let Batches { stream, views, policies } = under_load().batches;
        assert_eq!(number("PublisherStreamMapping", "BatchSize"), stream);
        assert_eq!(number("${View}Mapping", "BatchSize"), views);
        assert_eq!(number("${Policy}PolicyMapping", "BatchSize"), policies);
    }

    #[tokio::test]
    async fn dynamodbs_rules_charge_an_order_what_the_embedded_engine_charges() {
        for left_out in [&["fulfilment"][..], &["fulfilment", "order-summary"], &[]] {
            let engine = measure(Charging::Engine, alone(), left_out).await.used();
            let rules = measure(Charging::Rules, alone(), left_out).await.used();
            let units =
                |it: Used| [it.requests, it.write_units, it.read_units].map(|it| it.to_string());
            assert_eq!(units(rules), units(engine), "without {left_out:?}");
        }
    }
}
