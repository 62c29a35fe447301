//! Refunding a payment, in part or in full.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Attempt, PaymentEvent, PaymentRefusal, PaymentState, process::check_money};
use crate::{Amount, Currency, CustomerId, OrderId, PaymentId, PaymentReference, Reason};

/// Refunds a payment, or the whole order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    pub target: RefundTarget,
    pub amount: Amount,
    pub currency: Currency,
    pub reason: Reason,
}

/// The payments to refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefundTarget {
    Payment(PaymentId),
    /// All payments of the order, oldest first; one event for each that is refunded.
    WholeOrder,
}

/// A payment was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    /// At most what was captured and not yet refunded.
    pub amount: Amount,
    pub currency: Currency,
    pub reason: Reason,
}

pub(super) fn refund(
    state: &PaymentState,
    command: &RefundPayment,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    match command.target {
        RefundTarget::Payment(payment_id) => {
            let payment = state.by_id(payment_id).ok_or(PaymentRefusal::NotFound)?;
            take(command, &[payment])
        }
        RefundTarget::WholeOrder => {
            if state.attempts().is_empty() {
                return Err(PaymentRefusal::NotFound);
            }
            take(command, &state.attempts().iter().collect::<Vec<_>>())
        }
    }
}

/// Takes the amount from these payments in turn.
fn take(
    command: &RefundPayment,
    payments: &[&Attempt],
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    let captured: Vec<&Attempt> =
        payments.iter().copied().filter(|payment| payment.is_captured()).collect();
    let first = captured.first().ok_or(PaymentRefusal::NotCaptured)?;
    // All payments of one order have one currency.
    check_money(command.amount, command.currency, first.currency)?;

    let mut missing = command.amount;
    let mut events = Vec::new();
    for payment in &captured {
        let amount = missing.min(payment.refundable());
        if amount > Amount::ZERO {
            missing = missing.saturating_minus(amount);
            events.push(refunded(payment, amount, command));
        }
    }
    if missing > Amount::ZERO {
        let refundable = command.amount.saturating_minus(missing);
        return Err(PaymentRefusal::RefundTooLarge { refundable });
    }
    Ok(events)
}

fn refunded(payment: &Attempt, amount: Amount, command: &RefundPayment) -> PaymentEvent {
    PaymentEvent::PaymentRefunded(PaymentRefunded {
        payment_id: payment.payment_id,
        reference: payment.reference.clone(),
        customer_id: payment.customer_id.clone(),
        amount,
        currency: payment.currency,
        reason: command.reason.clone(),
    })
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
    pub(super) fn new(order_id: OrderId, event: &PaymentRefunded, occurred_at: Timestamp) -> Self {
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
