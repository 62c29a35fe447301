//! What may have happened to an order. Names and fields are storage format.
//!
//! Events carry the keys that their consumers need, so that no projector has to read another view.

use dekigoto::event_schema;
use serde::{Deserialize, Serialize};

use super::{
    Item,
    upcast::{OrderShippedV1, shipped_v1_to_v2},
};
use crate::{Amount, Carrier, Currency, CustomerId, Day, Reason, TrackingNumber};

/// A fact about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// A customer placed it.
    OrderPlaced(OrderPlaced),
    /// It was promised to the customer.
    OrderConfirmed(OrderConfirmed),
    /// A carrier took it.
    OrderShipped(OrderShipped),
    /// It arrived.
    OrderDelivered(OrderDelivered),
    /// It was given up before it was shipped.
    OrderCancelled(OrderCancelled),
}

impl OrderEvent {
    /// Whose order it is. Every event says so, and the customer of an order never changes.
    #[must_use]
    pub fn customer_id(&self) -> &CustomerId {
        match self {
            Self::OrderPlaced(placed) => &placed.customer_id,
            Self::OrderConfirmed(confirmed) => &confirmed.customer_id,
            Self::OrderShipped(shipped) => &shipped.customer_id,
            Self::OrderDelivered(delivered) => &delivered.customer_id,
            Self::OrderCancelled(cancelled) => &cancelled.customer_id,
        }
    }
}

event_schema! {
    OrderEvent {
        OrderPlaced as "OrderPlaced": 1,
        OrderConfirmed as "OrderConfirmed": 1,
        OrderShipped as "OrderShipped": 2 {
            1 => |old: OrderShippedV1| vec![OrderEvent::OrderShipped(shipped_v1_to_v2(old))],
        },
        OrderDelivered as "OrderDelivered": 1,
        OrderCancelled as "OrderCancelled": 1,
    }
}

/// A customer placed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// Who ordered.
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// What was ordered.
    pub items: Vec<Item>,
    /// The sum of the lines, in minor units.
    pub total_amount: Amount,
    /// The UTC day.
    pub placed_on: Day,
}

/// An order was promised to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    /// Whose order.
    pub customer_id: CustomerId,
}

/// A carrier took an order. Schema version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    /// Whose order.
    pub customer_id: CustomerId,
    /// Who carries it. Not known of shipments that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    /// The carrier's number of the parcel.
    pub tracking_number: TrackingNumber,
}

/// An order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    /// Whose order.
    pub customer_id: CustomerId,
}

/// An order was given up before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// Whose order.
    pub customer_id: CustomerId,
    /// The order's currency.
    pub currency: Currency,
    /// What the order was worth, in minor units.
    pub total_amount: Amount,
    /// The UTC day on which the order had been placed.
    pub placed_on: Day,
    /// Why.
    pub reason: Reason,
}
