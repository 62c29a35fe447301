//! Sample events and commands for tests.
#![allow(clippy::unwrap_used, reason = "test data")]

mod again;

use std::collections::BTreeSet;

use dekigoto::{
    Aggregate as _, Commit, Context, Envelope, EventSchema as _, Fingerprint, Head, Timestamp,
    ZoneName,
};

use crate::{
    Amount, OrderId, Paid, PaymentId, PaymentReference, RefundReference, UnitAmount,
    order::{
        CancelOrder, ConfirmOrder, Funds, Item, Order, OrderCancelled, OrderConfirmed,
        OrderDelivered, OrderEvent, OrderPlaced, OrderShipped, PlaceOrder, ShipOrder,
    },
    payment::{
        PaidOrder, PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded, RefundFailed,
    },
    price::{PriceEvent, PriceSet},
};

pub use again::{Again, long_context};

/// That many minutes after 09:00 on the day of the samples.
pub fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-23T09:00:00.000Z".parse().unwrap();
    Timestamp::from_millis(start.as_millis() + minute * 60_000).unwrap()
}

pub fn order_id() -> OrderId {
    "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5".parse().unwrap()
}

pub fn amount(minor_units: u64) -> Amount {
    minor_units.try_into().unwrap()
}

pub fn item(quantity: u32, unit_amount: u64) -> Item {
    Item {
        product_id: "p-1".parse().unwrap(),
        quantity: u64::from(quantity).try_into().unwrap(),
        unit_amount: UnitAmount::try_from(unit_amount).unwrap(),
    }
}

pub fn place() -> PlaceOrder {
    PlaceOrder {
        customer_id: "c-42".parse().unwrap(),
        currency: "JPY".parse().unwrap(),
        items: vec![item(2, 1500)],
        listed: BTreeSet::new(),
        placed_on: "2026-11-23".parse().unwrap(),
        time_zone: ZoneName::UTC,
    }
}

/// The sample order's total, paid.
pub fn paid() -> Funds {
    Funds::Paid(Paid::of(place().currency, amount(3000)))
}

pub fn confirm() -> ConfirmOrder {
    ConfirmOrder { funds: paid() }
}

/// The sample product's price, from that many minutes after 09:00 on.
pub fn price_set(minor_units: u64, currency: &str, from: i64) -> PriceEvent {
    PriceEvent::PriceSet(PriceSet {
        product_id: "p-1".parse().unwrap(),
        currency: currency.parse().unwrap(),
        unit_amount: UnitAmount::try_from(minor_units).unwrap(),
        valid_from: at(from),
    })
}

pub fn ship() -> ShipOrder {
    ShipOrder {
        carrier: "DHL".parse().unwrap(),
        tracking_number: "00340434".parse().unwrap(),
        funds: paid(),
    }
}

pub fn cancel() -> CancelOrder {
    CancelOrder { reason: "ordered twice".parse().unwrap() }
}

pub fn placed() -> OrderEvent {
    OrderEvent::OrderPlaced(placed_with(place().items, 3000))
}

/// The sample order with these lines and this total.
pub fn placed_with(items: Vec<Item>, total: u64) -> OrderPlaced {
    let PlaceOrder { customer_id, currency, placed_on, time_zone, .. } = place();
    let total_amount = amount(total);
    OrderPlaced { customer_id, currency, items, total_amount, placed_on, time_zone }
}

pub fn confirmed() -> OrderEvent {
    OrderEvent::OrderConfirmed(OrderConfirmed {
        customer_id: place().customer_id,
        on_account: false,
    })
}

pub fn shipped() -> OrderEvent {
    let ShipOrder { carrier, tracking_number, .. } = ship();
    OrderEvent::OrderShipped(OrderShipped {
        customer_id: place().customer_id,
        carrier: Some(carrier),
        tracking_number,
        on_account: false,
    })
}

pub fn delivered() -> OrderEvent {
    OrderEvent::OrderDelivered(OrderDelivered { customer_id: place().customer_id })
}

pub fn cancelled() -> OrderEvent {
    let PlaceOrder { customer_id, currency, placed_on, .. } = place();
    OrderEvent::OrderCancelled(OrderCancelled {
        customer_id,
        currency,
        total_amount: amount(3000),
        placed_on,
        reason: cancel().reason,
    })
}

/// The sample order as its payments see it.
pub fn paid_order() -> PaidOrder {
    PaidOrder { order_id: order_id(), customer_id: place().customer_id }
}

pub fn payment_id(reference: &str) -> PaymentId {
    PaymentId::derive(order_id(), &self::reference(reference))
}

pub fn reference(text: &str) -> PaymentReference {
    text.parse().unwrap()
}

pub fn received(reference: &str, minor_units: u64) -> PaymentEvent {
    PaymentEvent::PaymentReceived(PaymentReceived {
        payment_id: payment_id(reference),
        reference: self::reference(reference),
        customer_id: place().customer_id,
        amount: amount(minor_units),
        currency: place().currency,
    })
}

/// The same payment in another currency than the sample order's.
pub fn in_euros(event: PaymentEvent) -> PaymentEvent {
    let currency = "EUR".parse().unwrap();
    match event {
        PaymentEvent::PaymentReceived(it) => {
            PaymentEvent::PaymentReceived(PaymentReceived { currency, ..it })
        }
        PaymentEvent::PaymentFailed(it) => {
            PaymentEvent::PaymentFailed(PaymentFailed { currency, ..it })
        }
        PaymentEvent::PaymentRefunded(it) => {
            PaymentEvent::PaymentRefunded(PaymentRefunded { currency, ..it })
        }
        PaymentEvent::RefundFailed(it) => {
            PaymentEvent::RefundFailed(RefundFailed { currency, ..it })
        }
    }
}

pub fn failed(reference: &str, minor_units: u64) -> PaymentEvent {
    PaymentEvent::PaymentFailed(PaymentFailed {
        payment_id: payment_id(reference),
        reference: self::reference(reference),
        customer_id: place().customer_id,
        amount: amount(minor_units),
        currency: place().currency,
        decline_reason: Some("insufficient funds".parse().unwrap()),
    })
}

pub fn refund_reference(text: &str) -> RefundReference {
    text.parse().unwrap()
}

pub fn refunded(reference: &str, refund: &str, minor_units: u64) -> PaymentEvent {
    PaymentEvent::PaymentRefunded(PaymentRefunded {
        payment_id: payment_id(reference),
        reference: self::reference(reference),
        refund_reference: Some(refund_reference(refund)),
        customer_id: place().customer_id,
        amount: amount(minor_units),
        currency: place().currency,
        reason: Some(cancel().reason),
    })
}

pub fn refund_failed(reference: &str, refund: &str, minor_units: u64) -> PaymentEvent {
    PaymentEvent::RefundFailed(RefundFailed {
        payment_id: payment_id(reference),
        reference: self::reference(reference),
        refund_reference: refund_reference(refund),
        customer_id: place().customer_id,
        amount: amount(minor_units),
        currency: place().currency,
        reason: Some(cancel().reason),
    })
}

/// The envelope of an event of the sample order.
pub fn envelope() -> Envelope {
    let event = placed().encode().unwrap();
    let context = Context::new(at(0), "sample".parse().unwrap(), "shop");
    let head = Head::empty(Order::stream(&order_id()).unwrap());
    let request = Fingerprint::of(&[]);
    let commit = Commit::after(&head, vec![event], context, request).unwrap();
    commit.envelopes().next().unwrap()
}
