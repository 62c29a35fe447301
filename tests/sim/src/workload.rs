//! The actions of clients: most are ordinary, a fifth are unusual.

use std::time::Duration;

use dekigoto_testkit::sim::Dice;
use order_service::{Caller, STAFF_SCOPE};
use orders::OrderId;
use serde_json::{Value, json};

use crate::{
    client::{Ask, Client},
    fates::Fate,
    history::{Answer, Asked, Op},
    readers,
};

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) orders: u64,
    pub(crate) customers: usize,
    /// Declined payments before the captured one. With enough of them, the stream has snapshots.
    pub(crate) declined: u32,
    /// Whether clients send only valid requests, once.
    pub(crate) is_plain: bool,
    /// Orders are placed within this time.
    pub(crate) within: Duration,
    /// What becomes of an order that the policy carries. `None` means anything.
    pub(crate) fate: Option<Fate>,
}

impl Load {
    /// Draws the load of a seed.
    pub(crate) fn draw(dice: &mut Dice, within: Duration) -> Self {
        let declined = if dice.per_mille(40) { 34 } else { 0 };
        let (orders, customers) = (2 + dice.number() % 5, 1 + dice.below(3));
        Self { orders, customers, declined, is_plain: false, within, fate: None }
    }
}

/// Starts the clients of all orders.
pub(crate) fn begin(client: &Client, load: Load) {
    for number in 0..load.orders {
        let client = client.clone();
        let sim = client.world.sim.clone();
        let mut dice = sim.dice((1 << 42) + number);
        client.world.sim.clone().spawn(async move {
            let after = dice.time(Duration::ZERO, load.within);
            sim.sleep(after).await;
            let customer = format!("c-{}", dice.below(load.customers));
            let (order, is_first) = (String::new(), number == 0);
            let mut story = Story { client, dice, customer, order, keys: 0, is_first, load };
            story.tell(number).await;
        });
    }
}

/// The actions on one order.
pub(crate) struct Story {
    pub(crate) client: Client,
    pub(crate) dice: Dice,
    pub(crate) customer: String,
    pub(crate) order: String,
    keys: u32,
    /// Whether this is the run's first order, the only one with many payments.
    is_first: bool,
    load: Load,
}

impl Story {
    async fn tell(&mut self, number: u64) {
        let place_key = format!("order-{number}");
        // Staff places it for the customer, and names the prices.
        self.order = OrderId::derive(staff().actor(), &place_key.parse().unwrap()).to_string();
        let body = self.basket(number);
        let placed = self.ask_under(Asked::Place, &place_key, &staff(), body.clone()).await;
        readers::after_placing(self, placed.as_ref()).await;
        if self.is_awkward(100) {
            let other = self.basket(number + 1000);
            let _ = self.ask_under(Asked::Place, &place_key, &staff(), other).await;
        }
        if self.is_awkward(50) {
            self.place_under_joined(&place_key, body.clone()).await;
        }
        let is_placed = placed.is_some_and(|answer| answer.status == 201);
        if is_placed && self.is_awkward(100) {
            self.confirm_under(&place_key).await;
        }
        let total =
            body["items"].as_array().unwrap().iter().map(|item| {
                item["quantity"].as_u64().unwrap() * item["unitAmount"].as_u64().unwrap()
            });
        let total = total.sum();
        if let Some(terms) = self.client.world.terms {
            let fate = self.load.fate.unwrap_or_else(|| *self.dice.pick(&Fate::ALL));
            self.meet(fate, total, terms.payment_time).await;
            return readers::at_the_end(self).await;
        }
        let pay_key = if self.is_awkward(100) { place_key } else { self.key() };
        self.pay(total, &pay_key).await;
        if self.is_awkward(150) {
            self.race_to_cancel().await;
        }
        let early = if self.is_awkward(150) { self.ship_too_early().await } else { None };
        let _ = self.staff(Asked::Confirm, Value::Null).await;
        if let Some(early) = early {
            self.again(early).await;
        }
        readers::between(self).await;
        let parcel = json!({ "carrier": "DHL", "trackingNumber": format!("0034-{number}") });
        let _ = self.staff(Asked::Ship, parcel).await;
        if self.is_awkward(200) {
            // Refused, because it has been shipped.
            let _ = self.staff(Asked::Cancel, json!({ "reason": "too late" })).await;
        }
        if !self.dice.per_mille(200) {
            let _ = self.staff(Asked::Deliver, Value::Null).await;
        }
        readers::at_the_end(self).await;
    }

    /// Pays the order under this key, which may be the one that placed it: it is used up on the order's stream only (S5).
    async fn pay(&mut self, total: u64, key: &str) {
        let declined = if self.is_first { self.load.declined } else { 0 };
        for attempt in 0..declined {
            let reference = format!("declined-{attempt}-{}", self.order);
            let body = json!({ "reference": reference, "amount": 1, "currency": "JPY", "outcome": "declined" });
            let _ = self.staff(Asked::Pay, body).await;
        }
        let reference = format!("captured-{}", self.order);
        let body = json!({ "reference": reference, "amount": total, "currency": "JPY", "outcome": "captured" });
        let _ = self.ask_under(Asked::Pay, key, &staff(), body.clone()).await;
        if self.is_awkward(100) {
            // The provider reports it twice, under two keys.
            let _ = self.staff(Asked::Pay, body).await;
        }
    }

    /// The customer cancels while staff confirms.
    pub(crate) async fn race_to_cancel(&mut self) {
        let key = self.key();
        let op = self.op(Asked::Cancel, &key, &self.customer.clone(), json!({ "reason": "no" }));
        let owner = self.owner();
        let (client, mut dice) =
            (self.client.clone(), self.client.world.sim.dice(self.dice.number()));
        let (place, ask) = client.begin(op, &owner);
        self.client.world.sim.spawn(async move {
            let _ = client.command(place, ask, &mut dice).await;
        });
    }

    pub(crate) async fn staff(&mut self, asked: Asked, body: Value) -> Option<Answer> {
        let key = self.key();
        self.ask_under(asked, &key, &staff(), body).await
    }

    /// Sends a command, sometimes twice at once, like a double click.
    async fn ask_under(
        &mut self,
        asked: Asked,
        key: &str,
        caller: &Caller,
        body: Value,
    ) -> Option<Answer> {
        let pause = self.dice.time(Duration::from_millis(1), Duration::from_secs(3));
        self.client.world.sim.sleep(pause).await;
        let mut op = self.op(asked, key, caller.actor(), body);
        op.is_parallel = self.is_awkward(100);
        if self.is_awkward(50) && op.asked != Asked::Place {
            op.if_match = Some(1 + self.dice.number() % 3);
        }
        let is_parallel = op.is_parallel;
        let (place, ask) = self.client.begin(op, caller);
        if is_parallel {
            let (client, ask) = (self.client.clone(), ask.clone());
            let mut dice = self.client.world.sim.dice(self.dice.number());
            self.client.world.sim.mark("double click");
            self.client.world.sim.spawn(async move {
                let _ = client.command(place, ask, &mut dice).await;
            });
        }
        self.client.command(place, ask, &mut self.dice).await
    }

    pub(crate) fn op(&mut self, asked: Asked, key: &str, actor: &str, body: Value) -> Op {
        Op {
            actor: actor.to_owned(),
            key: key.to_owned(),
            asked,
            order: self.order.clone(),
            body,
            if_match: None,
            is_parallel: false,
            is_patient: !self.is_awkward(200),
            attempts: Vec::new(),
        }
    }

    fn basket(&mut self, number: u64) -> Value {
        let lines = if self.is_awkward(30) { 100 } else { 1 + number % 2 };
        let item = |line: u64| json!({ "productId": format!("p-{line}"), "quantity": 1 + line % 3, "unitAmount": 100 + number });
        let items: Vec<Value> = (0..lines).map(item).collect();
        json!({ "customerId": self.customer, "currency": "JPY", "items": items })
    }

    pub(crate) fn key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}-{}", self.keys, self.order.get(..8).unwrap_or_default())
    }

    pub(crate) fn owner(&self) -> Caller {
        customer(&self.customer)
    }

    /// True in this many of a thousand cases, if clients are not plain.
    pub(crate) fn is_awkward(&mut self, cases: u32) -> bool {
        self.dice.per_mille(cases) && !self.load.is_plain
    }

    /// Sends a query.
    pub(crate) async fn get(&self, caller: &Caller, path: String) -> Option<Answer> {
        self.client.send(Ask::get(caller, path)).await
    }
}

pub(crate) fn customer(id: &str) -> Caller {
    Caller::bearer(id, "openid", STAFF_SCOPE).unwrap()
}

pub(crate) fn staff() -> Caller {
    Caller::bearer("staff-1", "openid orders:staff", STAFF_SCOPE).unwrap()
}
