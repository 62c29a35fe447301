//! One deployment: old code alone, both versions side by side, back to old code, and forwards for good.

use std::{collections::BTreeMap, time::Duration};

use order_service::Caller;
use orders::{
    CustomerId, OrderId,
    order::{OrderCommand, PlaceOrder},
    payment::{Outcome, PaidOrder, Payment, PaymentCommand, ProcessPayment},
    price::SetPrice,
    samples,
};
use serde_json::{Value, json};

use crate::{
    next::{APP, NextCommand, NextOrder, UNKNOWN},
    next_price::NextPrice,
    stack::{POLICY, Stack, Stores},
    versions::{Version, Versions},
};

/// Enough invocations to empty every queue.
const ROUNDS: u32 = 6;

/// After this time, an order is cancelled that was not paid.
const AFTER_THE_DEADLINE: Duration = Duration::from_secs(31 * 60);

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

/// The functions that read a queue of events. A test compares them with the template.
pub(crate) const READERS: [&str; 6] =
    ["order-summary", "customer-summary", "daily-sales", "price-list", "fulfilment", POLICY];

/// A stack while its functions are replaced.
struct Deployment<'a> {
    stack: Stack<'a>,
    schedule: Schedule,
    orders: Vec<OrderId>,
    /// What rows have shown of the fields that only the next version knows.
    shown: BTreeMap<String, Value>,
}

/// Rolls the next version out, back and out again. Returns what must not happen, and did.
pub(crate) async fn roll(stores: Stores, versions: &Versions, schedule: Schedule) -> Vec<String> {
    let stack = Stack::new(stores, versions);
    let mut all = Deployment { stack, schedule, orders: Vec::new(), shown: BTreeMap::new() };
    all.price_set_by_old_code().await;
    let gift = all.placed_by_old_code().await;
    let paid = all.placed_by_old_code().await;
    all.rounds(ROUNDS, Version::Old).await;
    let (unpaid, paid_too) = all.both(gift, paid).await;
    let later = all.back().await;
    all.rounds(ROUNDS, Version::New).await;
    all.stack.note_leftovers().await;
    all.rows_show(gift, UNKNOWN, true, "cancelled").await;
    // Old code could ship it, because it knows all its events.
    all.rows_show(paid, UNKNOWN, false, "shipped").await;
    all.rows_show(unpaid, APP, false, "cancelled").await;
    all.rows_show(paid_too, APP, false, "confirmed").await;
    all.rows_show(later, UNKNOWN, false, "cancelled").await;
    all.stack.faults
}

fn captured(order_id: OrderId, minor_units: u64) -> PaymentCommand {
    let PlaceOrder { customer_id, currency, .. } = samples::place();
    PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder { order_id, customer_id },
        reference: samples::reference("ch_1"),
        amount: samples::amount(minor_units),
        currency,
        outcome: Outcome::Captured,
    })
}

fn basket() -> Value {
    json!({"customerId": "c-42", "currency": "JPY", "items": [{"productId": "p-1", "quantity": 2}]})
}

fn customer() -> Caller {
    Caller::of_token("c-42", false).unwrap()
}

impl Deployment<'_> {
    /// One invocation of everything: the publisher, the function of each queue, the schedule, and the rebuild.
    async fn invoke(&mut self) {
        let version = self.schedule.next();
        self.stack.publish(version).await;
        for reader in READERS {
            let version = self.schedule.next();
            self.stack.deliver(reader, version).await;
        }
        self.stack.tick().await;
        let version = self.schedule.next();
        self.stack.rebuild(version).await;
        self.nothing_is_erased().await;
    }

    /// Invocations of one version.
    async fn rounds(&mut self, rounds: u32, version: Version) {
        for _ in 0..rounds {
            self.stack.publish(version).await;
            for reader in READERS {
                self.stack.deliver(reader, version).await;
            }
            self.stack.tick().await;
            self.stack.rebuild(version).await;
        }
    }

    async fn price_set_by_old_code(&mut self) {
        let price = json!({"currency": "JPY", "unitAmount": 1500, "validFrom": samples::at(0)});
        let (status, answer) = self.stack.ask("PUT", "/v1/prices/p-1", Some(price)).await;
        assert_eq!(status, 200, "{answer}");
        self.rounds(1, Version::Old).await;
    }

    async fn placed_by_old_code(&mut self) -> OrderId {
        let asked = self.stack.ask_by(customer(), "POST", "/v1/orders", Some(basket()));
        let (status, answer) = asked.await;
        assert_eq!(status, 201, "{answer}");
        let order = answer["orderId"].as_str().unwrap().parse().unwrap();
        self.orders.push(order);
        order
    }

    async fn placed_by_new_code(&mut self, name: &str) -> OrderId {
        let order = OrderId::derive("shop", &name.to_owned().try_into().unwrap());
        let place = NextCommand::Known(OrderCommand::PlaceOrder(samples::place()));
        self.stack.execute::<NextOrder>(&order, place).await;
        self.orders.push(order);
        order
    }

    /// Both versions: the next one writes a new version of two events, two new events, and rows with new fields. Payments,
    /// which both versions understand, come to rows and processes that may be of either.
    async fn both(&mut self, gift: OrderId, paid: OrderId) -> (OrderId, OrderId) {
        let unpaid = self.placed_by_new_code("unpaid").await;
        let paid_too = self.placed_by_new_code("paid").await;
        self.invoke().await;
        self.stack.execute::<NextOrder>(&gift, NextCommand::GiftWrap).await;
        self.stack.begin_rebuild().await;
        self.invoke().await;
        for (order, amount) in [(unpaid, 1000), (paid, 3000), (paid_too, 3000)] {
            self.stack.execute::<Payment>(&order, captured(order, amount)).await;
        }
        self.new_price(1600).await;
        self.invoke().await;
        // Old code finds the new event before this one when it looks for what no message has delivered.
        let cancel = NextCommand::Known(OrderCommand::CancelOrder(samples::cancel()));
        self.stack.execute::<NextOrder>(&gift, cancel).await;
        self.invoke().await;
        self.old_answers().await;
        for _ in 0..ROUNDS {
            self.invoke().await;
        }
        self.stack.host.advance(AFTER_THE_DEADLINE);
        for _ in 0..ROUNDS {
            self.invoke().await;
        }
        self.old_answers().await;
        (unpaid, paid_too)
    }

    async fn new_price(&mut self, minor_units: u64) {
        let product_id = "p-1".parse().unwrap();
        let (currency, valid_from) = (samples::place().currency, samples::at(1));
        let unit_amount = minor_units.try_into().unwrap();
        let set = SetPrice { product_id, currency, unit_amount, valid_from };
        let product = set.product_id.clone();
        self.stack.execute::<NextPrice>(&product, set).await;
    }

    /// Old code alone again: its own orders live as ever, and what only the next version understands waits.
    async fn back(&mut self) -> OrderId {
        let mut body = basket();
        // Newer code has set the price.
        body["items"][0]["unitAmount"] = 1600.into();
        let (status, answer) = self.stack.ask("POST", "/v1/orders", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        let order: OrderId = answer["orderId"].as_str().unwrap().parse().unwrap();
        self.orders.push(order);
        for _ in 0..ROUNDS {
            self.rounds(1, Version::Old).await;
            self.nothing_is_erased().await;
        }
        let (status, answer) = self.stack.ask("GET", &format!("/v1/orders/{order}"), None).await;
        assert_eq!((status, &answer["status"]), (200, &json!("pending")));
        let cancel = Some(json!({"reason": "changed my mind"}));
        let (status, answer) =
            self.stack.ask("POST", &format!("/v1/orders/{order}/cancel"), cancel).await;
        assert_eq!(status, 200, "{answer}");
        self.old_answers().await;
        order
    }

    /// The old API reads and commands what the next version wrote. It may ask the client to come again, and no more.
    async fn old_answers(&mut self) {
        let ship = json!({"carrier": "DHL", "trackingNumber": "0034"});
        let orders = self.orders.clone();
        for order in orders {
            let path = format!("/v1/orders/{order}");
            for read in ["", "/events", "/payments", "?minVersion=1", "?atVersion=1"] {
                self.stack.ask("GET", &format!("{path}{read}"), None).await;
            }
            self.stack.ask("POST", &format!("{path}/ship"), Some(ship.clone())).await;
        }
        let sales = "/v1/sales/daily?from=2026-11-01&to=2026-11-30";
        for list in
            ["/v1/orders?customerId=c-42", "/v1/customers/c-42/summary", sales, "/v1/prices/p-1"]
        {
            self.stack.ask("GET", list, None).await;
        }
        let (status, answer) =
            self.stack.ask_by(customer(), "POST", "/v1/orders", Some(basket())).await;
        match status {
            503 => {}
            // The price is not the one that newer code has set.
            201 => self.orders.push(answer["orderId"].as_str().unwrap().parse().unwrap()),
            _ => self.stack.faults.push(format!("a customer's order was refused: {answer}")),
        }
        let price = json!({"currency": "EUR", "unitAmount": 7, "validFrom": samples::at(0)});
        self.stack.ask("PUT", "/v1/prices/p-1", Some(price)).await;
    }

    /// What the rows show of the fields that only the next version knows.
    async fn new_fields(&self) -> BTreeMap<String, Value> {
        let mut fields = BTreeMap::new();
        let mut note = |row: String, shown: Value| fields.insert(row, shown);
        for order in &self.orders {
            let row = self.order_row(*order).await;
            note(format!("channel of {order}"), row["channel"].clone());
            note(format!("gift of {order}"), row["isGift"].clone());
            let process = self.stack.row(format!("fulfilment#{order}"), "row").await;
            note(format!("gift of the process {order}"), process["isGift"].clone());
        }
        let price = self.stack.row("price-list#p-1".to_owned(), "row").await;
        note("note of the price".to_owned(), price["note"].clone());
        for partition in ["customer-summary#c-42", "daily-sales#2026-11"] {
            note(partition.to_owned(), self.stack.count(partition).await.into());
        }
        fields
    }

    /// A field that a row once showed stays.
    async fn nothing_is_erased(&mut self) {
        let now = self.new_fields().await;
        for (field, before) in &self.shown {
            let is_kept = match (before, &now[field]) {
                (Value::Null | Value::Bool(false), _) => true,
                (Value::Number(before), Value::Number(now)) => before.as_u64() <= now.as_u64(),
                // Newer code may learn more.
                (Value::String(before), Value::String(now)) => before == UNKNOWN || now != UNKNOWN,
                (before, now) => before == now,
            };
            if !is_kept {
                let lost =
                    format!("a row lost what it showed: {field} {before}, now {}", now[field]);
                self.stack.faults.push(lost);
            }
        }
        self.shown = now;
    }

    async fn order_row(&self, order: OrderId) -> Value {
        let customer: CustomerId = samples::place().customer_id;
        self.stack.row(format!("order-summary#{order}"), customer.as_str()).await
    }

    async fn rows_show(&mut self, order: OrderId, channel: &str, is_gift: bool, status: &str) {
        let row = self.order_row(order).await;
        // A row that no event touched since stays as old code wrote it. Readers fold it again.
        let is_old = row["channel"].is_null();
        let is_wrong = row["channel"] != channel || row["isGift"] != is_gift;
        if row["order"]["status"] != status || (is_wrong && !is_old) {
            self.stack.faults.push(format!("the row of {order} shows {row}"));
        }
    }
}
