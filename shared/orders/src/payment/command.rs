//! The commands of an order's payments.

use serde::{Serialize, Serializer};

use crate::{
    Amount, Currency, CustomerId, DeclineReason, OrderId, PaymentId, PaymentReference, Reason,
    order::PlacedOrder,
};

/// A command to an order's payments. Its JSON is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PaymentCommand {
    ProcessPayment(ProcessPayment),
    RefundPayment(RefundPayment),
}

/// Records a payment that the provider captured or declined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessPayment {
    pub order: PaidOrder,
    /// The same reference for the same order is the same payment.
    pub reference: PaymentReference,
    pub amount: Amount,
    pub currency: Currency,
    pub outcome: Outcome,
}

impl Serialize for ProcessPayment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Request<'a> {
            reference: &'a PaymentReference,
            amount: Amount,
            currency: Currency,
            outcome: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            decline_reason: Option<&'a DeclineReason>,
        }
        let (outcome, decline_reason) = match &self.outcome {
            Outcome::Captured => ("captured", None),
            Outcome::Declined(reason) => ("declined", reason.as_ref()),
        };
        let Self { reference, amount, currency, .. } = self;
        let (amount, currency) = (*amount, *currency);
        Request { reference, amount, currency, outcome, decline_reason }.serialize(serializer)
    }
}

/// The outcome of a payment at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Captured,
    /// With the provider's reason, if it gave one.
    Declined(Option<DeclineReason>),
}

/// What payments need to know about their order. The use case loads it before the command. It never changes, so it
/// cannot be out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOrder {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    pub total_amount: Amount,
}

impl PaidOrder {
    /// Takes what payments need from a placed order.
    #[must_use]
    pub fn new(order_id: OrderId, order: &PlacedOrder) -> Self {
        Self {
            order_id,
            customer_id: order.customer_id.clone(),
            currency: order.currency,
            total_amount: order.total_amount,
        }
    }
}

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
