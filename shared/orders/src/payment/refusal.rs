//! Why an order's payments refuse a command. Each reason has a stable name for programs and a sentence for people.

use crate::{Amount, Currency, limits::AMOUNT_MAX};

/// Why an order's payments refuse a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    /// The order has no such payment, or none at all.
    #[error("The order has no such payment.")]
    NotFound,
    /// The reference was used for another payment of the order.
    #[error(
        "The order has a payment with this reference and other content; a payment is recorded once."
    )]
    ReferenceReused,
    /// Nothing is left to pay.
    #[error(
        "The order has been paid in full; only a declined payment or a refund can be recorded."
    )]
    AlreadyPaid,
    /// The order has too many payments.
    #[error("The order has too many payments; another one like this cannot be recorded.")]
    TooManyPayments,
    /// The payment was declined: there is no money to give back.
    #[error("The payment was declined; only a captured payment can be refunded.")]
    NotCaptured,
    /// More would go back than came.
    #[error("{refundable} minor units are left to refund; no more can be.")]
    RefundTooLarge {
        /// What was captured and has not been refunded.
        refundable: Amount,
    },
    /// What was to be recorded is not a payment or refund of the order.
    #[error(transparent)]
    InvalidPayment(#[from] InvalidPayment),
}

/// Why something that is well-formed cannot be a payment or a refund of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPayment {
    /// Nothing is paid or refunded.
    #[error("The amount is at least 1 minor unit.")]
    Zero,
    /// Not the order's currency.
    #[error("The order's currency is {expected}.")]
    OtherCurrency {
        /// The order's.
        expected: Currency,
    },
    /// Together with what was captured before it is too much.
    #[error("The payments of an order are together at most {AMOUNT_MAX} minor units.")]
    TotalTooLarge,
}

impl PaymentRefusal {
    /// The reason's name, for programs. It never changes.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "payment-not-found",
            Self::ReferenceReused => "reference-reused",
            Self::AlreadyPaid => "already-paid",
            Self::TooManyPayments => "too-many-payments",
            Self::NotCaptured => "payment-not-captured",
            Self::RefundTooLarge { .. } => "refund-too-large",
            Self::InvalidPayment(InvalidPayment::Zero) => "amount-zero",
            Self::InvalidPayment(InvalidPayment::OtherCurrency { .. }) => "other-currency",
            Self::InvalidPayment(InvalidPayment::TotalTooLarge) => "payments-too-large",
        }
    }
}
