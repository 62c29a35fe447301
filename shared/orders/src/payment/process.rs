//! Recording a payment: what the provider captured or declined.
//!
//! These are facts, so they are recorded whether the order wanted them or not: a capture after a decline under one
//! reference, a second one under another reference, one that is too much, one in another currency, one of a cancelled
//! order. Only what is recorded can be refunded. A command is refused only if it contradicts a recorded fact or breaks a
//! limit.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize, Serializer};

use super::{InvalidPayment, PaidOrder, PaymentEvent, PaymentRefusal, PaymentState};
use crate::{
    Amount, Currency, CustomerId, DeclineReason, OrderId, PaymentId, PaymentReference,
    limits::{PAYMENTS_PER_ORDER_MAX, PAYMENTS_WITH_DECLINED_MAX},
};

/// Records a payment that the provider captured or declined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessPayment {
    pub order: PaidOrder,
    /// The same reference for the same order is the same payment. It may be declined and then captured.
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

/// The provider captured a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceived {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
}

/// The provider declined a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailed {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    /// Absent if the provider gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
}

pub(super) fn process(
    state: &PaymentState,
    command: ProcessPayment,
) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
    let known = state.by_reference(&command.reference);
    // A recorded fact never changes, so it is compared before anything else is checked.
    if let Some(fact) = known.and_then(|payment| payment.fact(&command.outcome)) {
        let is_same = fact.amount == command.amount && fact.currency == command.currency;
        return if is_same { Ok(vec![]) } else { Err(PaymentRefusal::ReferenceReused) };
    }
    if known.is_none() {
        command.reference.must_be_visible().map_err(InvalidPayment::Reference)?;
    }
    if command.amount == Amount::ZERO {
        return Err(InvalidPayment::Zero.into());
    }
    let payments_max = match command.outcome {
        Outcome::Captured => PAYMENTS_PER_ORDER_MAX,
        Outcome::Declined(_) => PAYMENTS_WITH_DECLINED_MAX,
    };
    if known.is_none() && state.payments().len() >= payments_max {
        return Err(PaymentRefusal::TooManyPayments);
    }
    // Adds to everything ever captured, refunded or not, so that no sum in the state can overflow.
    let captured = state.captured(command.currency);
    if command.outcome == Outcome::Captured && captured.plus(command.amount).is_none() {
        return Err(InvalidPayment::TotalTooLarge.into());
    }
    Ok(vec![recorded(command)])
}

fn recorded(command: ProcessPayment) -> PaymentEvent {
    let ProcessPayment { order, reference, amount, currency, outcome } = command;
    let payment_id = PaymentId::derive(order.order_id, &reference);
    let customer_id = order.customer_id;
    match outcome {
        Outcome::Captured => PaymentEvent::PaymentReceived(PaymentReceived {
            payment_id,
            reference,
            customer_id,
            amount,
            currency,
        }),
        Outcome::Declined(decline_reason) => PaymentEvent::PaymentFailed(PaymentFailed {
            payment_id,
            reference,
            customer_id,
            amount,
            currency,
            decline_reason,
        }),
    }
}

/// The payment provider captured a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentReceivedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount: Amount,
    pub currency: Currency,
    pub occurred_at: Timestamp,
}

impl IntegrationData for PaymentReceivedIntegrationEvent {
    const TYPE: &'static str = "PaymentReceivedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl PaymentReceivedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &PaymentReceived, occurred_at: Timestamp) -> Self {
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PaymentFailedIntegrationEvent {
    pub order_id: OrderId,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
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
    pub(super) fn new(order_id: OrderId, event: &PaymentFailed, occurred_at: Timestamp) -> Self {
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
