//! The state that an order's rules need: a fold over its events.

use serde::{Deserialize, Serialize};

use super::{OrderEvent, OrderPlaced, Status};
use crate::{Amount, Currency, CustomerId, Day};

/// The state of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderState {
    /// Not placed yet.
    #[default]
    Absent,
    Placed(PlacedOrder),
}

/// A placed order. Without its lines: no rule needs them after placing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedOrder {
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
    pub placed_on: Day,
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

    /// The state after one more event. Total: even an event that no rule allows has its effect, except
    /// that only OrderPlaced creates an order.
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
