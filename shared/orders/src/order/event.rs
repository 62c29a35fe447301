//! The events of an order. Their names and fields are the storage format.
//!
//! Every event carries the keys that its consumers need, so that no projector reads another view.

use dekigoto::event_schema;
use serde::{Deserialize, Serialize};

use super::{
    Item,
    upcast::{OrderShippedV1, shipped_v1_to_v2},
};
use crate::{Amount, Carrier, Currency, CustomerId, Day, Reason, TrackingNumber};

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    OrderPlaced(OrderPlaced),
    OrderConfirmed(OrderConfirmed),
    OrderShipped(OrderShipped),
    OrderDelivered(OrderDelivered),
    OrderCancelled(OrderCancelled),
}

impl OrderEvent {
    /// The order's customer. Every event names them, and they never change.
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
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    pub items: Vec<Item>,
    pub total_amount: Amount,
    pub placed_on: Day,
}

/// The shop confirmed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {
    pub customer_id: CustomerId,
}

/// A carrier collected an order. Schema version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    pub customer_id: CustomerId,
    /// Absent in shipments that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    pub tracking_number: TrackingNumber,
}

/// An order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    pub customer_id: CustomerId,
}

/// An order was cancelled before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// What the order was worth, in minor units.
    pub total_amount: Amount,
    /// The UTC day on which the order had been placed.
    pub placed_on: Day,
    pub reason: Reason,
}
