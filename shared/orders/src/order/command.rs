//! The commands of an order.

use serde::Serialize;

use super::Item;
use crate::{Carrier, Currency, CustomerId, Day, Reason, TrackingNumber};

/// A command to an order. Its JSON is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OrderCommand {
    PlaceOrder(PlaceOrder),
    ConfirmOrder,
    ShipOrder(ShipOrder),
    DeliverOrder,
    CancelOrder(CancelOrder),
}

/// Creates an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// 1 to [`ITEMS_MAX`](crate::limits::ITEMS_MAX) lines.
    pub items: Vec<Item>,
    /// The UTC day on which the command was received.
    #[serde(skip)]
    pub placed_on: Day,
}

/// Hands an order to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    pub carrier: Carrier,
    pub tracking_number: TrackingNumber,
}

/// Cancels an order before it is shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelOrder {
    pub reason: Reason,
}
