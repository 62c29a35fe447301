//! One deployment: old code alone, both versions side by side, back to old code, and forwards for good.

use std::collections::BTreeMap;

use orders::{
    OrderId,
    order::OrderCommand,
    payment::{Outcome, PaidOrder, PaymentCommand, ProcessPayment},
    samples,
};
use serde_json::{Value, json};

use crate::{
    next::{APP, NextCommand},
    stack::{Stack, Stores},
    versions::{Version, Versions},
};

/// Enough invocations to empty every queue.
const ROUNDS: u32 = 6;

/// Which version each next invocation runs. It repeats.
pub(crate) struct Schedule {
    versions: Vec<Version>,
    at: usize,
}

impl Schedule {
    pub(crate) fn of(versions: &[Version]) -> Self {
        Self { versions: versions.to_vec(), at: 0 }
    }

    /// The versions are the bits of a number.
    pub(crate) fn numbered(number: u32, length: u32) -> Self {
        let version = |bit| if (number >> bit) & 1 == 0 { Version::Old } else { Version::New };
        Self { versions: (0..length).map(version).collect(), at: 0 }
    }

    fn next(&mut self) -> Version {
        self.at += 1;
        self.versions[(self.at - 1) % self.versions.len()]
    }
}

/// The order's row and that of its customer.
const VIEWS: [&str; 2] = ["order-summary", "customer-summary"];

/// A stack while its functions are replaced.
struct Deployment<'a> {
    stack: Stack<'a>,
    schedule: Schedule,
    /// What rows have shown of the fields that only the next version knows.
    shown: BTreeMap<OrderId, Value>,
}

/// Rolls the next version out, back and out again. Returns what must not happen, and did.
pub(crate) async fn roll(stores: Stores, versions: &Versions, schedule: Schedule) -> Vec<String> {
    let stack = Stack::new(stores, versions);
    let mut all = Deployment { stack, schedule, shown: BTreeMap::new() };
    let first = all.placed_by_old_code().await;
    all.rounds(ROUNDS, Version::Old).await;
    let second = all.both(&first).await;
    let third = all.back(&first, &second).await;
    all.rounds(ROUNDS, Version::New).await;
    all.stack.note_leftovers().await;
    all.rows_show(&first, "unknown", true).await;
    all.rows_show(&second, APP, false).await;
    all.rows_show(&third, "unknown", false).await;
    all.stack.faults
}

/// A payment of a part of an order.
fn captured(order_id: OrderId) -> PaymentCommand {
    let (customer_id, currency) = (samples::place().customer_id, samples::place().currency);
    PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder { order_id, customer_id },
        reference: samples::reference("ch_1"),
        amount: samples::amount(1000),
        currency,
        outcome: Outcome::Captured,
    })
}

impl Deployment<'_> {
    /// One invocation of everything: the publisher, and the function of each view.
    async fn invoke(&mut self, orders: &[&OrderId]) {
        let version = self.schedule.next();
        self.stack.publish(version).await;
        for view in VIEWS {
            let version = self.schedule.next();
            self.stack.deliver(view, version).await;
        }
        self.nothing_is_erased(orders).await;
    }

    /// Invocations of one version.
    async fn rounds(&mut self, rounds: u32, version: Version) {
        for _ in 0..rounds {
            self.stack.publish(version).await;
            for view in VIEWS {
                self.stack.deliver(view, version).await;
            }
        }
    }

    async fn placed_by_old_code(&mut self) -> OrderId {
        let body = json!({"customerId": "c-42", "currency": "JPY",
                          "items": [{"productId": "p-1", "quantity": 2, "unitAmount": 1500}]});
        let (status, answer) = self.stack.ask("POST", "/v1/orders", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["orderId"].as_str().unwrap().parse().unwrap()
    }

    /// Both versions: the next one writes a new version of an event, a new event, and rows with a new field. A payment,
    /// which both versions understand, comes to a row that may be of either.
    async fn both(&mut self, first: &OrderId) -> OrderId {
        let second = OrderId::derive("shop", &"second".to_owned().try_into().unwrap());
        let place = NextCommand::Known(OrderCommand::PlaceOrder(samples::place()));
        self.stack.order(&second, place).await;
        self.invoke(&[first, &second]).await;
        self.stack.order(first, NextCommand::GiftWrap).await;
        self.invoke(&[first, &second]).await;
        self.stack.pay(&second, captured(second)).await;
        self.invoke(&[first, &second]).await;
        // Old code finds the new event before this one when it looks for what no message has delivered.
        let cancel = NextCommand::Known(OrderCommand::CancelOrder(samples::cancel()));
        self.stack.order(first, cancel).await;
        self.invoke(&[first, &second]).await;
        self.old_answers(first, &second).await;
        for _ in 0..ROUNDS {
            self.invoke(&[first, &second]).await;
        }
        second
    }

    /// Old code alone again: its own orders live as ever, and what only the next version understands waits.
    async fn back(&mut self, first: &OrderId, second: &OrderId) -> OrderId {
        let third = self.placed_by_old_code().await;
        for _ in 0..ROUNDS {
            self.rounds(1, Version::Old).await;
            self.nothing_is_erased(&[first, second]).await;
        }
        let (status, answer) = self.stack.ask("GET", &format!("/v1/orders/{third}"), None).await;
        assert_eq!((status, &answer["status"]), (200, &json!("pending")));
        let cancel = Some(json!({"reason": "changed my mind"}));
        let (status, answer) =
            self.stack.ask("POST", &format!("/v1/orders/{third}/cancel"), cancel).await;
        assert_eq!(status, 200, "{answer}");
        self.old_answers(first, second).await;
        third
    }

    /// The old API reads and commands orders of the next version. It may ask the client to come again, and no more.
    async fn old_answers(&mut self, first: &OrderId, second: &OrderId) {
        let ship = json!({"carrier": "DHL", "trackingNumber": "0034"});
        for order in [first, second] {
            let path = format!("/v1/orders/{order}");
            for read in ["", "/events", "/payments", "?minVersion=1", "?atVersion=1"] {
                self.stack.ask("GET", &format!("{path}{read}"), None).await;
            }
            self.stack.ask("POST", &format!("{path}/ship"), Some(ship.clone())).await;
        }
        for list in ["/v1/orders?customerId=c-42", "/v1/customers/c-42/summary"] {
            self.stack.ask("GET", list, None).await;
        }
    }

    /// A field that a row once showed stays.
    async fn nothing_is_erased(&mut self, orders: &[&OrderId]) {
        for order in orders {
            let row = self.stack.row(order).await["row"].clone();
            let now = json!({"channel": row["channel"], "isGift": row["isGift"]});
            let before = self.shown.get(*order).cloned().unwrap_or_default();
            let is_lost = |field: &str| {
                !matches!(&before[field], Value::Null | Value::Bool(false))
                    && now[field] != before[field]
            };
            if is_lost("channel") || is_lost("isGift") {
                self.stack.faults.push(format!("a row lost what it showed: {before}, now {now}"));
            }
            self.shown.insert(**order, now);
        }
    }

    async fn rows_show(&mut self, order: &OrderId, channel: &str, is_gift: bool) {
        let row = self.stack.row(order).await["row"].clone();
        // A row that no event touched since stays as old code wrote it. Readers fold it again.
        let is_old = row["channel"].is_null();
        let is_wrong = row["channel"] != channel || row["isGift"] != is_gift;
        if row.is_null() || (is_wrong && !is_old) {
            self.stack.faults.push(format!("the row of {order} shows {row}"));
        }
    }
}
