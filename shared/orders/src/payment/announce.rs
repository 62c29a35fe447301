//! The integration events of payments. See also the orders' `announce`.

use dekigoto::{
    Timestamp,
    relay::{IntegrationData, IntegrationEvent},
};
use serde::Serialize;

use super::PaymentEvent;
use crate::{
    Amount, Currency, CustomerId, DeclineReason, OrderId, PaymentId, PaymentReference, Reason,
    payment::{PaymentFailed, PaymentReceived, PaymentRefunded},
};

/// The integration events that announce one payment event.
///
/// # Errors
/// Never in practice: only maps with non-string keys have no JSON form.
pub fn announce(
    order: &OrderId,
    event: &PaymentEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let order = *order;
    let announced = match event {
        PaymentEvent::PaymentReceived(event) => {
            IntegrationEvent::new(&PaymentReceivedIntegrationEvent::new(order, event, at))
        }
        PaymentEvent::PaymentFailed(event) => {
            IntegrationEvent::new(&PaymentFailedIntegrationEvent::new(order, event, at))
        }
        PaymentEvent::PaymentRefunded(event) => {
            IntegrationEvent::new(&PaymentRefundedIntegrationEvent::new(order, event, at))
        }
    };
    Ok(vec![announced?])
}

/// The payment provider captured a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceivedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
    pub occurred_at: Timestamp,
}

impl IntegrationData for PaymentReceivedIntegrationEvent {
    const TYPE: &'static str = "PaymentReceivedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl PaymentReceivedIntegrationEvent {
    fn new(order_id: OrderId, event: &PaymentReceived, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            occurred_at,
        }
    }
}

/// The payment provider declined a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if the provider gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    pub occurred_at: Timestamp,
}

impl IntegrationData for PaymentFailedIntegrationEvent {
    const TYPE: &'static str = "PaymentFailedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl PaymentFailedIntegrationEvent {
    fn new(order_id: OrderId, event: &PaymentFailed, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            decline_reason: event.decline_reason.clone(),
            occurred_at,
        }
    }
}

/// A payment was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefundedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
    pub reason: Reason,
    pub occurred_at: Timestamp,
}

impl IntegrationData for PaymentRefundedIntegrationEvent {
    const TYPE: &'static str = "PaymentRefundedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl PaymentRefundedIntegrationEvent {
    fn new(order_id: OrderId, event: &PaymentRefunded, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            reason: event.reason.clone(),
            occurred_at,
        }
    }
}
