//! What may be asked of an order's payments.

use serde::{Serialize, Serializer};

use crate::{
    Amount, Currency, CustomerId, DeclineReason, OrderId, PaymentId, PaymentReference, Reason,
    order::PlacedOrder,
};

/// A command to an order's payments. As JSON it is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PaymentCommand {
    /// Record what the provider did.
    ProcessPayment(ProcessPayment),
    /// Give money back.
    RefundPayment(RefundPayment),
}

/// Records what the payment provider did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessPayment {
    /// The order that it is for.
    pub order: PaidOrder,
    /// The provider's id of the payment. The same reference for the same order is the same payment.
    pub reference: PaymentReference,
    /// How much, in minor units.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// How it ended.
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

/// How a payment ended at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money is ours.
    Captured,
    /// It is not, with the provider's reason if there was one.
    Declined(Option<DeclineReason>),
}

/// What payments must know of their order. Whoever issues the command has loaded it. None of it ever changes, so it
/// cannot be out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOrder {
    /// Which order.
    pub order_id: OrderId,
    /// Whose order.
    pub customer_id: CustomerId,
    /// The order's currency.
    pub currency: Currency,
    /// What the order is worth, in minor units.
    pub total_amount: Amount,
}

impl PaidOrder {
    /// The facts of an order that has been placed.
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

/// Gives money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundPayment {
    /// Where it comes from.
    pub target: RefundTarget,
    /// How much, in minor units.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Why.
    pub reason: Reason,
}

/// Where refunded money comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefundTarget {
    /// One payment.
    Payment(PaymentId),
    /// All of the order's payments, the oldest first, one refund for each that is touched.
    WholeOrder,
}
