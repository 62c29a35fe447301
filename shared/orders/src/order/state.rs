//! The state that an order's rules need: a fold over its events.

use serde::{Deserialize, Serialize};

use super::{Action, OrderEvent, OrderPlaced, OrderRefusal, Status};
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
    /// Whether staff accepted it without payment.
    pub on_account: bool,
}

impl PlacedOrder {
    /// What the customer owes for it: nothing once it is cancelled.
    #[must_use]
    pub fn owed(&self) -> Amount {
        match self.status {
            Status::Pending | Status::Confirmed | Status::Shipped | Status::Delivered => {
                self.total_amount
            }
            Status::Cancelled => Amount::ZERO,
        }
    }
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
        if let OrderEvent::OrderPlaced(placed) = event {
            return Self::Placed(placed.into());
        }
        let Self::Placed(order) = self else { return self };
        let status = event.status().unwrap_or(order.status);
        let on_account = order.on_account || event.is_on_account();
        Self::Placed(PlacedOrder { status, on_account, ..order })
    }

    /// The order, if it exists and its status allows the action.
    pub(super) fn ready(&self, action: Action) -> Result<&PlacedOrder, OrderRefusal> {
        let order = self.placed().ok_or(OrderRefusal::NotFound)?;
        if action.is_allowed_in(order.status) {
            Ok(order)
        } else {
            Err(OrderRefusal::IllegalTransition { action, status: order.status })
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
            on_account: false,
        }
    }
}
