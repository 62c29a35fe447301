//! The events of an order.

use dekigoto::{event_schema, views::Published};
use serde::{Deserialize, Serialize};

/// The aggregate `Order`, for a view of the kit.
#[derive(Clone, Copy, Debug)]
pub struct Order;

impl Published for Order {
    type Event = OrderEvent;

    const TYPE: &'static str = "Order";
}

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderEvent {
    /// A customer placed an order.
    OrderPlaced(OrderPlaced),
    /// The shop confirmed an order.
    OrderConfirmed(OrderConfirmed),
    /// A carrier collected an order.
    OrderShipped(OrderShipped),
    /// A customer has an order.
    OrderDelivered(OrderDelivered),
    /// An order was cancelled before it was shipped.
    OrderCancelled(OrderCancelled),
}

event_schema! {
    OrderEvent {
        OrderPlaced as "OrderPlaced": 1,
        OrderConfirmed as "OrderConfirmed": 1,
        OrderShipped as "OrderShipped": 2 {
            1 => |old: OrderShippedV1| vec![OrderEvent::OrderShipped(old.into())],
        },
        OrderDelivered as "OrderDelivered": 1,
        OrderCancelled as "OrderCancelled": 1,
    }
}

/// A customer placed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderPlaced {
    /// The customer's id.
    pub customer_id: String,
    /// The currency of every amount of the order: an ISO 4217 code.
    pub currency: String,
    /// The lines of the order.
    pub items: Vec<OrderLine>,
    /// The sum of all lines, in the currency's minor unit.
    pub total_amount: u64,
    /// The day on which the order was placed, in its time zone, such as `2026-11-23`.
    pub placed_on: String,
    /// The business time zone of that day, such as `Asia/Tokyo`. `None`, which means UTC, in events of before zones were
    /// recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderLine {
    /// The product's id.
    pub product_id: String,
    /// The number of pieces.
    pub quantity: u32,
    /// The price of one piece, in the currency's minor unit.
    pub unit_amount: u64,
}

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderConfirmed {
    /// The customer's id.
    pub customer_id: String,
    /// Whether it was confirmed without payment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_account: bool,
}

/// A carrier collected an order. Schema version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderShipped {
    /// The customer's id.
    pub customer_id: String,
    /// Absent in shipments that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// Whether it was shipped without payment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_account: bool,
}

/// Version 1 had one text for carrier and number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderShippedV1 {
    customer_id: String,
    tracking_code: String,
}

impl From<OrderShippedV1> for OrderShipped {
    fn from(old: OrderShippedV1) -> Self {
        let OrderShippedV1 { customer_id, tracking_code } = old;
        Self { customer_id, carrier: None, tracking_number: tracking_code, on_account: false }
    }
}

/// A customer has an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderDelivered {
    /// The customer's id.
    pub customer_id: String,
}

/// An order was cancelled before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderCancelled {
    /// The customer's id.
    pub customer_id: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// What the order was worth, in the currency's minor unit.
    pub total_amount: u64,
    /// The day on which the order had been placed, in the time zone of `OrderPlaced`.
    pub placed_on: String,
    /// The reason.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
