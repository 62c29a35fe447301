//! The payment provider: it hears on the bus which refunds are asked for, makes each once, and has it recorded.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use dekigoto::{CloudEvent, Message};
use dekigoto_testkit::sim::Dice;
use serde_json::{Value, json};

use crate::{
    client::Client,
    history::{Asked, Op},
    workload::staff,
};

/// Sequences of random numbers from here on belong to refunds.
const REFUNDS: u64 = 1 << 49;

/// Refunds in a thousand that fail before they succeed.
const FAILURES: u32 = 200;

/// Refunds in a thousand that are recorded under two keys.
const TWICE: u32 = 100;

/// The longest time that a refund takes.
const REFUND_TIME_MAX: Duration = Duration::from_secs(60);

/// The provider.
#[derive(Clone, Default)]
pub(crate) struct Provider(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Weak, because the client holds the world, whose bus holds the provider.
    client: Weak<Client>,
    /// The ids of the requests that it knows.
    known: BTreeSet<String>,
}

impl Provider {
    /// Answers requests through this client from now on.
    pub(crate) fn serve(&self, client: &Arc<Client>) {
        self.0.lock().unwrap().client = Arc::downgrade(client);
    }

    /// Hears a message of the bus.
    pub(crate) fn heard(&self, message: &Message) {
        if message.kind != "RefundRequestedIntegrationEvent" {
            return;
        }
        let event: CloudEvent = serde_json::from_str(&message.body).unwrap();
        let mut inner = self.0.lock().unwrap();
        let Some(client) = inner.client.upgrade() else { return };
        if !inner.known.insert(event.id.clone()) {
            return client.world.sim.mark("a refund was asked for twice on the bus");
        }
        let number = u64::try_from(inner.known.len()).unwrap();
        let refund = Refund { number, id: event.id.clone(), asked: event.data.read().unwrap() };
        let sim = client.world.sim.clone();
        sim.spawn(async move { refund.make(&client).await });
    }
}

/// A refund that was asked for.
struct Refund {
    number: u64,
    id: String,
    asked: Value,
}

impl Refund {
    async fn make(&self, client: &Client) {
        let sim = &client.world.sim;
        let mut dice = sim.dice(REFUNDS + self.number);
        let mut outcomes = vec!["refunded"];
        if dice.per_mille(FAILURES) {
            sim.tried("a refund that the provider fails to make at first");
            outcomes.insert(0, "failed");
        }
        if dice.per_mille(TWICE) {
            outcomes.push("refunded");
        }
        for (place, outcome) in outcomes.into_iter().enumerate() {
            let time = dice.time(Duration::ZERO, REFUND_TIME_MAX);
            sim.sleep(time).await;
            self.record(client, place, outcome, &mut dice).await;
        }
    }

    /// Has the outcome recorded. A refund that the service has asked for must not be refused.
    async fn record(&self, client: &Client, place: usize, outcome: &str, dice: &mut Dice) {
        let Self { number, id, asked } = self;
        let order = asked["orderId"].as_str().unwrap().to_owned();
        let body = json!({
            "reference": asked["reference"], "refundReference": format!("refund-{id}"),
            "amount": asked["amount"], "outcome": outcome,
        });
        let op = Op {
            actor: staff().actor().to_owned(),
            key: format!("refund-{number}-{place}"),
            asked: Asked::Refund,
            order,
            body,
            if_match: None,
            is_parallel: false,
            is_patient: true,
            attempts: Vec::new(),
        };
        let (op, ask) = client.begin(op, &staff());
        let answer = client.command(op, ask, dice).await;
        if let Some(answer) = answer.filter(|answer| answer.status >= 400) {
            let what = format!("a refund that was asked for was refused: {}", answer.body);
            client.world.sim.violation("S10", what);
        }
    }
}
