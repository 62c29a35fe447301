//! Answers to commands.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use dekigoto::{EventStore, Host as _};
use dekigoto_testkit::{BeatenStore, Down};
use serde_json::{Value, json};

use super::Case;
use crate::http::broken::Broken;
use crate::support::{Ask, Shop, UNKNOWN, customer, on_account, order, parcel, payment, refund};

/// A command, and an order whose status allows it.
struct Command {
    operation: &'static str,
    method: &'static str,
    shop: Shop,
    path: String,
    /// The path for an order that does not exist.
    elsewhere: String,
    body: Value,
    cases: Vec<Case>,
}

impl Command {
    async fn new(
        operation: &'static str,
        before: &[(&str, Value)],
        last: &str,
        body: Value,
    ) -> Self {
        let shop = Shop::new();
        let id = shop.placed("placing").await;
        for (step, body) in before {
            shop.does(&id, step, body).await;
        }
        let [path, elsewhere] = [&*id, UNKNOWN].map(|id| format!("/v1/orders/{id}/{last}"));
        Self { operation, method: "POST", shop, path, elsewhere, body, cases: Vec::new() }
    }

    async fn place() -> Self {
        let shop = Shop::new();
        shop.placed("placing").await;
        let path = "/v1/orders".to_owned();
        let (operation, method, elsewhere) = ("placeOrder", "POST", path.clone());
        Self { operation, method, shop, elsewhere, path, body: order(), cases: Vec::new() }
    }

    fn under(&self, key: &str, body: &Value) -> Ask {
        Ask::post(&self.path, body).method(self.method).header("idempotency-key", key)
    }

    fn good(&self) -> Ask {
        self.under("the-key", &self.body)
    }

    fn raw(&self, body: impl Into<Bytes>) -> Ask {
        Ask::raw(&self.path, body).method(self.method).header("idempotency-key", "the-key")
    }

    async fn add(&mut self, name: &'static str, ask: Ask) {
        self.cases.push(Case::of(&self.shop, self.operation, name, ask).await);
    }

    /// Sends the same command to a service on another store.
    async fn add_behind(&mut self, name: &'static str, store: Arc<dyn EventStore>) {
        let shop = self.shop.behind(store, Arc::new(Down));
        self.cases.push(Case::of(&shop, self.operation, name, self.good()).await);
    }

    /// Refusals that all commands share.
    async fn refusals(&mut self) {
        let plain = self.good().without("content-type").header("content-type", "text/plain");
        self.add("malformed", self.raw(r#"{"isAdmin":true}"#)).await;
        self.add("not JSON", self.raw("{")).await;
        self.add("an invalid key", self.under("a b", &self.body)).await;
        self.add("no key", Ask::raw(&self.path, "[]").method(self.method)).await;
        self.add("nobody", self.good().by_nobody()).await;
        self.add("another version", self.good().header("if-match", "\"9\"")).await;
        self.add("too large", self.raw(vec![b' '; 70_000])).await;
        self.add("another content type", plain).await;
        self.add_behind("broken", Arc::new(Broken)).await;
        self.add_behind("down", Arc::new(Down)).await;
    }

    /// Further answers that all commands on an existing order share.
    async fn on_an_order(mut self) -> Vec<Case> {
        self.refusals().await;
        let beaten = BeatenStore(Arc::new(self.shop.store.clone()));
        self.add_behind("a lost race", Arc::new(beaten)).await;
        let elsewhere = Ask::post(&self.elsewhere, &self.body).header("idempotency-key", "the-key");
        self.add("no such order", elsewhere).await;
        if self.operation != "cancelOrder" {
            self.add("a customer", self.good().by(customer("c-42"))).await;
        }
        let is_payment = ["payOrder", "refundOrder"].contains(&self.operation);
        if self.operation == "payOrder" {
            let mut nothing = self.body.clone();
            nothing["amount"] = json!(0);
            self.add("an amount of zero", self.under("z", &nothing)).await;
        }
        self.done_twice().await;
        let other = match self.operation {
            "payOrder" => payment("ch_2"),
            "refundOrder" => refund("ch_1", "re_2"),
            _ => self.body.clone(),
        };
        // Payments have their own stream, which does not know the key that placed the order.
        let used = if is_payment { "the-key" } else { "placing" };
        self.add("the key of another request", self.under(used, &other)).await;
        self.cases
    }

    async fn done_twice(&mut self) {
        self.add("done", self.good()).await;
        // Within one millisecond it would have the same bytes, and so be the same request.
        self.shop.host.sleep(Duration::from_millis(1)).await;
        self.add("repeated", self.good()).await;
    }
}

/// Placing has no version conflict: the order's id derives from the key, so only the same command can be first.
async fn of_placing() -> Vec<Case> {
    let mut place = Command::place().await;
    place.refusals().await;
    place.add("for another customer", place.good().by(customer("c-7"))).await;
    let [mut empty, mut euro] = [order(), order()];
    empty["items"] = json!([]);
    euro["currency"] = json!("EUR");
    place.add("no items", place.under("e", &empty)).await;
    place.add("the key of another request", place.under("placing", &euro)).await;
    place.done_twice().await;
    place.cases
}

async fn of_prices() -> Vec<Case> {
    let price = |unit_amount: u64| json!({ "currency": "JPY", "unitAmount": unit_amount, "validFrom": "2026-11-23T00:00:00.000Z" });
    let mut set = Command {
        operation: "setPrice",
        method: "PUT",
        shop: Shop::new(),
        path: "/v1/prices/p-1".to_owned(),
        elsewhere: String::new(),
        body: price(1500),
        cases: Vec::new(),
    };
    set.refusals().await;
    let beaten = BeatenStore(Arc::new(set.shop.store.clone()));
    set.add("the first price", set.under("first", &price(1))).await;
    set.add_behind("a lost race", Arc::new(beaten)).await;
    set.add("a customer", set.good().by(customer("c-42"))).await;
    set.done_twice().await;
    set.add("the same price again", set.under("other", &price(1500))).await;
    set.add("the key of another request", set.under("the-key", &price(2))).await;
    set.cases
}

pub(super) async fn of_commands() -> Vec<Case> {
    let nothing = || json!({});
    let reason = json!({ "reason": "ordered twice" });
    let declined =
        || json!({ "reference": "ch_0", "amount": 3000, "currency": "JPY", "outcome": "declined" });
    let [confirmed, shipped] = [("confirm", on_account()), ("ship", parcel())];
    let once_declined = [("payments", declined())];
    let mut pay = Command::new("payOrder", &[], "payments", declined()).await;
    pay.add("declined", pay.good()).await;
    let mut cases = of_placing().await;
    cases.extend(pay.cases);
    cases.extend(of_prices().await);
    for command in [
        Command::new("confirmOrder", &[], "confirm", on_account()).await,
        Command::new("shipOrder", std::slice::from_ref(&confirmed), "ship", parcel()).await,
        Command::new("deliverOrder", &[confirmed, shipped], "deliver", nothing()).await,
        Command::new("cancelOrder", &[], "cancel", reason).await,
        Command::new("payOrder", &once_declined, "payments", payment("ch_1")).await,
        Command::new(
            "refundOrder",
            &[("payments", payment("ch_1"))],
            "refunds",
            refund("ch_1", "re_1"),
        )
        .await,
    ] {
        cases.extend(command.on_an_order().await);
    }
    cases
}
