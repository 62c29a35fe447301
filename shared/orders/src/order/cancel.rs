//! Cancelling an order before it is shipped.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Action, OrderEvent, OrderRefusal, OrderState, Status};
use crate::{Amount, Currency, CustomerId, Day, OrderId, Reason};

/// Cancels an order before it is shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelOrder {
    pub reason: Reason,
}

/// An order was cancelled before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// What the order was worth, in minor units.
    pub total_amount: Amount,
    /// The day on which the order had been placed, as the event of its placing recorded it.
    pub placed_on: Day,
    pub reason: Reason,
}

pub(super) const CANCEL: Action =
    Action { participle: "cancelled", allowed_in: &[Status::Pending, Status::Confirmed] };

pub(super) fn cancel(state: &OrderState, command: CancelOrder) -> Result<OrderEvent, OrderRefusal> {
    let order = state.ready(CANCEL)?;
    Ok(OrderEvent::OrderCancelled(OrderCancelled {
        customer_id: order.customer_id.clone(),
        currency: order.currency,
        total_amount: order.total_amount,
        placed_on: order.placed_on,
        reason: command.reason,
    }))
}

/// An order was cancelled before it was shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelledIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
    pub reason: Reason,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderCancelledIntegrationEvent {
    const TYPE: &'static str = "OrderCancelledIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderCancelledIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &OrderCancelled, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            currency: event.currency,
            total_amount: event.total_amount,
            reason: event.reason.clone(),
            occurred_at,
        }
    }
}
