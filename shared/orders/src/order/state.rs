//! What must be known of an order to decide: a fold over its events.

use serde::{Deserialize, Serialize};

use super::{OrderEvent, OrderPlaced, Status};
use crate::{Amount, Currency, CustomerId, Day};

/// An order as its events tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// Nothing has happened yet.
    #[default]
    Absent,
    /// It has been placed.
    Placed(PlacedOrder),
}

/// What is known of an order that has been placed. The lines are not: no rule asks for them after placing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    /// Whose order.
    pub customer_id: CustomerId,
    /// The currency of every amount.
    pub currency: Currency,
    /// What it is worth, in minor units.
    pub total_amount: Amount,
    /// The UTC day of placing.
    pub placed_on: Day,
    /// Where it stands.
    pub status: Status,
}

impl OrderState {
    /// The order, if it has been placed.
    #[must_use]
    pub fn placed(&self) -> Option<&PlacedOrder> {
        match self {
            Self::Absent => None,
            Self::Placed(order) => Some(order),
        }
    }

    /// The state after one more event. Total: an event that no rule would have allowed still has its effect, except
    /// that only OrderPlaced can make an order.
    pub(super) fn after(self, event: &OrderEvent) -> Self {
        match event {
            OrderEvent::OrderPlaced(placed) => Self::Placed(placed.into()),
            OrderEvent::OrderConfirmed(_) => self.with(Status::Confirmed),
            OrderEvent::OrderShipped(_) => self.with(Status::Shipped),
            OrderEvent::OrderDelivered(_) => self.with(Status::Delivered),
            OrderEvent::OrderCancelled(_) => self.with(Status::Cancelled),
        }
    }

    fn with(self, status: Status) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Placed(order) => Self::Placed(PlacedOrder { status, ..order }),
        }
    }
}

impl From<&OrderPlaced> for PlacedOrder {
    fn from(placed: &OrderPlaced) -> Self {
        Self {
            customer_id: placed.customer_id.clone(),
            currency: placed.currency,
            total_amount: placed.total_amount,
            placed_on: placed.placed_on,
            status: Status::Pending,
        }
    }
}
