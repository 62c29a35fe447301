//! The state that the rules of payments need: a fold over the events.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Outcome, PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded, RefundFailed,
    RefundOutcome,
};
use crate::{
    Amount, Currency, CustomerId, DeclineReason, Paid, PaymentId, PaymentReference, RefundReference,
};

/// The payments of one order, oldest first. At most
/// [`PAYMENTS_PER_ORDER_MAX`](crate::limits::PAYMENTS_PER_ORDER_MAX).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    payments: Vec<RecordedPayment>,
    /// The stream's version: the number of events so far, because no upcast splits or drops one.
    version: u64,
}

/// What the provider did with one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedPayment {
    pub payment_id: PaymentId,
    pub reference: PaymentReference,
    pub customer_id: CustomerId,
    /// Absent if it was never declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declined: Option<Fact>,
    /// Absent if it was declined without a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_reason: Option<DeclineReason>,
    /// Absent if it was never captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Fact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Refund>,
}

/// An outcome of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The version of the event that recorded it.
    pub version: u64,
    pub amount: Amount,
    pub currency: Currency,
}

/// A refund that the provider made or failed to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The version of the event that recorded it.
    pub version: u64,
    /// Absent in refunds that were recorded without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_reference: Option<RefundReference>,
    pub amount: Amount,
    pub outcome: RefundOutcome,
}

impl RecordedPayment {
    /// The payment of which this is the first event, before it is applied.
    fn first(event: &PaymentEvent) -> Self {
        Self {
            payment_id: event.payment_id(),
            reference: event.reference().clone(),
            customer_id: event.customer_id().clone(),
            declined: None,
            decline_reason: None,
            captured: None,
            refunds: Vec::new(),
        }
    }

    fn apply(&mut self, event: &PaymentEvent, version: u64) {
        match event {
            PaymentEvent::PaymentReceived(PaymentReceived { amount, currency, .. }) => {
                self.captured = Some(Fact { version, amount: *amount, currency: *currency });
            }
            PaymentEvent::PaymentFailed(PaymentFailed {
                amount, currency, decline_reason, ..
            }) => {
                self.declined = Some(Fact { version, amount: *amount, currency: *currency });
                self.decline_reason.clone_from(decline_reason);
            }
            PaymentEvent::PaymentRefunded(PaymentRefunded { refund_reference, amount, .. }) => {
                self.refunds.push(Refund {
                    version,
                    refund_reference: refund_reference.clone(),
                    amount: *amount,
                    outcome: RefundOutcome::Refunded,
                });
            }
            PaymentEvent::RefundFailed(RefundFailed { refund_reference, amount, .. }) => {
                self.refunds.push(Refund {
                    version,
                    refund_reference: Some(refund_reference.clone()),
                    amount: *amount,
                    outcome: RefundOutcome::Failed,
                });
            }
        }
    }

    /// What is recorded of this outcome.
    #[must_use]
    pub fn fact(&self, outcome: &Outcome) -> Option<Fact> {
        match outcome {
            Outcome::Captured => self.captured,
            Outcome::Declined(_) => self.declined,
        }
    }

    /// The captured amount.
    #[must_use]
    pub fn captured_amount(&self) -> Amount {
        self.captured.map_or(Amount::ZERO, |fact| fact.amount)
    }

    /// The refunded amount.
    #[must_use]
    pub fn refunded_amount(&self) -> Amount {
        let refunded = self.refunds.iter().filter(|it| it.outcome == RefundOutcome::Refunded);
        sum(refunded.map(|refund| refund.amount))
    }

    /// The amount that can still be refunded.
    #[must_use]
    pub fn refundable(&self) -> Amount {
        self.captured_amount().saturating_minus(self.refunded_amount())
    }
}

impl PaymentState {
    /// All payments, oldest first.
    #[must_use]
    pub fn payments(&self) -> &[RecordedPayment] {
        &self.payments
    }

    /// The payment with that provider reference.
    #[must_use]
    pub fn by_reference(&self, reference: &PaymentReference) -> Option<&RecordedPayment> {
        self.payments.iter().find(|payment| payment.reference == *reference)
    }

    /// The refund with that reference and outcome, and its payment.
    #[must_use]
    pub fn refund(
        &self,
        reference: &RefundReference,
        outcome: RefundOutcome,
    ) -> Option<(&RecordedPayment, &Refund)> {
        let is_it = |refund: &&Refund| {
            refund.refund_reference.as_ref() == Some(reference) && refund.outcome == outcome
        };
        self.payments
            .iter()
            .find_map(|payment| Some((payment, payment.refunds.iter().find(is_it)?)))
    }

    /// The number of recorded refunds, failed ones included.
    #[must_use]
    pub fn refund_count(&self) -> usize {
        self.payments.iter().map(|payment| payment.refunds.len()).sum()
    }

    /// The currencies in which something was captured. The provider may have captured in another one than the order's.
    #[must_use]
    pub fn captured_currencies(&self) -> BTreeSet<Currency> {
        self.payments.iter().filter_map(|it| Some(it.captured?.currency)).collect()
    }

    /// The captured amount in this currency.
    #[must_use]
    pub fn captured(&self, currency: Currency) -> Amount {
        sum(self.captured_in(currency).map(RecordedPayment::captured_amount))
    }

    /// The refunded amount in this currency.
    #[must_use]
    pub fn refunded(&self, currency: Currency) -> Amount {
        sum(self.captured_in(currency).map(RecordedPayment::refunded_amount))
    }

    /// What the customer has paid: captured and not refunded.
    #[must_use]
    pub fn paid(&self) -> Paid {
        let mut paid = Paid::default();
        for payment in &self.payments {
            if let Some(captured) = payment.captured {
                paid.capture(captured.currency, payment.refundable());
            }
        }
        paid
    }

    fn captured_in(&self, currency: Currency) -> impl Iterator<Item = &RecordedPayment> {
        self.payments.iter().filter(move |it| it.captured.is_some_and(|it| it.currency == currency))
    }

    pub(super) fn after(mut self, event: &PaymentEvent) -> Self {
        self.version = self.version.saturating_add(1);
        let id = event.payment_id();
        match self.payments.iter_mut().find(|payment| payment.payment_id == id) {
            Some(payment) => payment.apply(event, self.version),
            None => {
                let mut payment = RecordedPayment::first(event);
                payment.apply(event, self.version);
                self.payments.push(payment);
            }
        }
        self
    }
}

/// `decide` keeps the sum within the largest amount.
fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, Amount::saturating_plus)
}
