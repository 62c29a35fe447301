//! The state that the rules of payments need: a fold over the events.

use serde::{Deserialize, Serialize};

use super::{PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded};
use crate::{Amount, Currency, CustomerId, DeclineReason, PaymentId, PaymentReference};

/// The payments of one order, oldest first. At most
/// [`PAYMENTS_PER_ORDER_MAX`](crate::limits::PAYMENTS_PER_ORDER_MAX).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    attempts: Vec<Attempt>,
    /// The stream's version: the number of events so far, because no upcast splits or drops one.
    version: u64,
}

/// One payment, captured or declined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The version of the event that recorded it.
    pub version: u64,
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    pub amount: Amount,
    pub currency: Currency,
    pub result: AttemptResult,
}

/// The outcome of a payment, and what was refunded since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttemptResult {
    Captured { refunded: Amount },
    Declined { reason: Option<DeclineReason> },
}

impl Attempt {
    fn received(event: &PaymentReceived, version: u64) -> Self {
        Self {
            version,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            result: AttemptResult::Captured { refunded: Amount::ZERO },
        }
    }

    fn failed(event: &PaymentFailed, version: u64) -> Self {
        Self {
            version,
            payment_id: event.payment_id,
            reference: event.reference.clone(),
            customer_id: event.customer_id.clone(),
            amount: event.amount,
            currency: event.currency,
            result: AttemptResult::Declined { reason: event.decline_reason.clone() },
        }
    }

    /// The captured amount.
    #[must_use]
    pub fn captured(&self) -> Amount {
        match self.result {
            AttemptResult::Captured { .. } => self.amount,
            AttemptResult::Declined { .. } => Amount::ZERO,
        }
    }

    /// The refunded amount.
    #[must_use]
    pub fn refunded(&self) -> Amount {
        match self.result {
            AttemptResult::Captured { refunded } => refunded,
            AttemptResult::Declined { .. } => Amount::ZERO,
        }
    }

    /// The amount that can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> Amount {
        self.captured().saturating_minus(self.refunded())
    }

    /// Whether it was captured; it may have been refunded since.
    #[must_use]
    pub fn is_captured(&self) -> bool {
        matches!(self.result, AttemptResult::Captured { .. })
    }
}

impl PaymentState {
    /// All payments, oldest first.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The payment with that provider reference.
    #[must_use]
    pub fn by_reference(&self, reference: &PaymentReference) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.reference == *reference)
    }

    /// The payment with that id.
    #[must_use]
    pub fn by_id(&self, payment_id: PaymentId) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.payment_id == payment_id)
    }

    /// The captured amount.
    #[must_use]
    pub fn captured(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::captured))
    }

    /// The refunded amount.
    #[must_use]
    pub fn refunded(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::refunded))
    }

    /// What the customer has paid: captured and not refunded.
    #[must_use]
    pub fn paid(&self) -> Amount {
        sum(self.attempts.iter().map(Attempt::refundable))
    }

    pub(super) fn after(mut self, event: &PaymentEvent) -> Self {
        self.version = self.version.saturating_add(1);
        match event {
            PaymentEvent::PaymentReceived(it) => {
                self.attempts.push(Attempt::received(it, self.version));
            }
            PaymentEvent::PaymentFailed(it) => {
                self.attempts.push(Attempt::failed(it, self.version));
            }
            PaymentEvent::PaymentRefunded(refunded) => self.give_back(refunded),
        }
        self
    }

    /// Total: a refund of a payment that was never captured changes nothing; no rule allows one.
    fn give_back(&mut self, event: &PaymentRefunded) {
        let mut attempts = self.attempts.iter_mut();
        let payment = attempts.find(|attempt| attempt.payment_id == event.payment_id);
        if let Some(Attempt { result: AttemptResult::Captured { refunded }, .. }) = payment {
            *refunded = refunded.saturating_plus(event.amount);
        }
    }
}

/// `decide` keeps the sum within the largest amount.
fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_plus)
}
