//! What may be asked of an order.

use serde::Serialize;

use super::Item;
use crate::{Carrier, Currency, CustomerId, Day, Reason, TrackingNumber};

/// A command to an order. As JSON it is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OrderCommand {
    /// Create it.
    PlaceOrder(PlaceOrder),
    /// Promise it to the customer.
    ConfirmOrder,
    /// Hand it to a carrier.
    ShipOrder(ShipOrder),
    /// Say that it arrived.
    DeliverOrder,
    /// Give it up before it is shipped.
    CancelOrder(CancelOrder),
}

/// Creates an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// Who orders.
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// What is ordered: 1 to [`ITEMS_MAX`](crate::limits::ITEMS_MAX) lines.
    pub items: Vec<Item>,
    /// The UTC day on which the command was received.
    #[serde(skip)]
    pub placed_on: Day,
}

/// Hands an order to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    /// The carrier.
    pub carrier: Carrier,
    /// The carrier's number of the parcel.
    pub tracking_number: TrackingNumber,
}

/// Gives an order up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelOrder {
    /// Why.
    pub reason: Reason,
}
