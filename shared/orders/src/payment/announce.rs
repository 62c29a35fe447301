//! How payments are announced: the integration events that other services are told. See the orders' `announce`.

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

/// What other services are told of an event of an order's payments.
///
/// # Errors
/// Never in practice: only maps with odd keys have no JSON form.
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
    /// Which order.
    pub order_id: OrderId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// The payment provider's id of the payment.
    pub reference: PaymentReference,
    /// Whose order.
    pub customer_id: CustomerId,
    /// In minor units.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Currency,
    /// When.
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
    /// Which order.
    pub order_id: OrderId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// The payment provider's id of the payment.
    pub reference: PaymentReference,
    /// Whose order.
    pub customer_id: CustomerId,
    /// In minor units.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Currency,
    /// Why, if the provider said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// When.
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

/// Money of a payment went back to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefundedIntegrationEvent {
    /// Which order.
    pub order_id: OrderId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// The payment provider's id of the payment.
    pub reference: PaymentReference,
    /// Whose order.
    pub customer_id: CustomerId,
    /// In minor units.
    pub amount: Amount,
    /// ISO 4217.
    pub currency: Currency,
    /// Why.
    pub reason: Reason,
    /// When.
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
