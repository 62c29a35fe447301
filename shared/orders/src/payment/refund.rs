//! Recording a refund: what the provider refunded, or failed to refund, of one payment.
//!
//! A refund has a reference of its own. A repeated refund is recognised by it, also when its command key has been
//! forgotten.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{InvalidPayment, PaymentEvent, PaymentRefusal, PaymentState, RecordedPayment};
use crate::{
    Amount, Currency, CustomerId, OrderId, PaymentId, PaymentReference, Reason, RefundReference,
    limits::{REFUNDS_PER_ORDER_MAX, REFUNDS_WITH_FAILED_MAX},
};

/// Records a refund, in part or in full, that the provider made or failed to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    /// The payment that is refunded.
    pub reference: PaymentReference,
    /// The same refund reference for the same order is the same refund. It may fail and then succeed.
    pub refund_reference: RefundReference,
    /// In the payment's currency.
    pub amount: Amount,
    pub outcome: RefundOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The outcome of a refund at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefundOutcome {
    Refunded,
    Failed,
}

/// A payment was refunded, in part or in full. Schema version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    /// Absent in refunds that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_reference: Option<RefundReference>,
    pub customer_id: CustomerId,
    /// At most what was captured and not yet refunded.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// `PaymentRefunded` version 1 had no reference of its own.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct PaymentRefundedV1 {
    payment_id: PaymentId,
    reference: PaymentReference,
    customer_id: CustomerId,
    amount: Amount,
    currency: Currency,
    reason: Reason,
}

/// No reference is made up: the provider may later name one for another refund.
pub(super) fn v1_to_v2(old: PaymentRefundedV1) -> PaymentRefunded {
    let PaymentRefundedV1 { payment_id, reference, customer_id, amount, currency, reason } = old;
    PaymentRefunded {
        payment_id,
        reference,
        refund_reference: None,
        customer_id,
        amount,
        currency,
        reason: Some(reason),
    }
}

/// The provider could not refund a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundFailed {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub refund_reference: RefundReference,
    pub customer_id: CustomerId,
    /// The amount that should have been refunded.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

pub(super) fn refund(
    state: &PaymentState,
    command: RefundPayment,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    // A recorded fact never changes, so it is compared before anything else is checked.
    if let Some((payment, refund)) = state.refund(&command.refund_reference, command.outcome) {
        let is_same = payment.reference == command.reference && refund.amount == command.amount;
        return if is_same { Ok(vec![]) } else { Err(PaymentRefusal::RefundReferenceReused) };
    }
    let payment = state.by_reference(&command.reference).ok_or(PaymentRefusal::NotFound)?;
    let captured = payment.captured.as_ref().ok_or(PaymentRefusal::NotCaptured)?;
    if command.amount == Amount::ZERO {
        return Err(InvalidPayment::Zero.into());
    }
    let refunds_max = match command.outcome {
        RefundOutcome::Refunded => REFUNDS_PER_ORDER_MAX,
        RefundOutcome::Failed => REFUNDS_WITH_FAILED_MAX,
    };
    if state.refund_count() >= refunds_max {
        return Err(PaymentRefusal::TooManyRefunds);
    }
    let refundable = payment.refundable();
    if command.amount > refundable && command.outcome == RefundOutcome::Refunded {
        return Err(PaymentRefusal::RefundTooLarge { refundable });
    }
    Ok(vec![recorded(payment, captured.currency, command)])
}

fn recorded(payment: &RecordedPayment, currency: Currency, command: RefundPayment) -> PaymentEvent {
    let RefundPayment { reference, refund_reference, amount, outcome, reason } = command;
    let (payment_id, customer_id) = (payment.payment_id, payment.customer_id.clone());
    match outcome {
        RefundOutcome::Refunded => PaymentEvent::PaymentRefunded(PaymentRefunded {
            payment_id,
            reference,
            refund_reference: Some(refund_reference),
            customer_id,
            amount,
            currency,
            reason,
        }),
        RefundOutcome::Failed => PaymentEvent::RefundFailed(RefundFailed {
            payment_id,
            reference,
            refund_reference,
            customer_id,
            amount,
            currency,
            reason,
        }),
    }
}

/// A payment was refunded, in part or in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefundedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    /// Absent if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_reference: Option<RefundReference>,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    pub occurred_at: Timestamp,
}

impl IntegrationData for PaymentRefundedIntegrationEvent {
    const TYPE: &'static str = "PaymentRefundedIntegrationEvent";
    // 2: the reason may be absent.
    const SCHEMA_VERSION: u32 = 2;
}

impl PaymentRefundedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &PaymentRefunded, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            refund_reference: event.refund_reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            reason: event.reason.clone(),
            occurred_at,
        }
    }
}

/// The provider could not refund a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefundFailedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub refund_reference: RefundReference,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    pub occurred_at: Timestamp,
}

impl IntegrationData for RefundFailedIntegrationEvent {
    const TYPE: &'static str = "RefundFailedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl RefundFailedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &RefundFailed, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            refund_reference: event.refund_reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            reason: event.reason.clone(),
            occurred_at,
        }
    }
}
