//! Why an order's payments refuse a command. Each refusal has a stable name for programs and a message for people.

use std::borrow::Cow;

use dekigoto::Explain;

use crate::{Amount, InvalidText, limits::AMOUNT_MAX};

/// Why an order's payments refuse a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefusal {
    /// The order has no such payment.
    #[error("The order has no such payment.")]
    NotFound,
    /// The reference was used for another payment of the order.
    #[error(
        "The order already has a payment with this reference and outcome, of another amount or currency."
    )]
    ReferenceReused,
    /// The refund reference was used for another refund of the order.
    #[error(
        "The order already has a refund with this reference and outcome, of another payment or amount."
    )]
    RefundReferenceReused,
    /// The order has too many payments.
    #[error("The order has too many payments; another one like this cannot be recorded.")]
    TooManyPayments,
    /// The order has too many refunds.
    #[error("The order has too many refunds; another one like this cannot be recorded.")]
    TooManyRefunds,
    /// The payment was declined: there is nothing to refund.
    #[error("The payment was declined; only a captured payment can be refunded.")]
    NotCaptured,
    /// The refund exceeds what is left of the captured amount.
    #[error("At most {refundable} minor units can still be refunded.")]
    RefundTooLarge {
        /// Captured and not yet refunded.
        refundable: Amount,
    },
    /// The payment or refund breaks a limit.
    #[error(transparent)]
    InvalidPayment(#[from] InvalidPayment),
}

/// Why a well-formed payment or refund cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPayment {
    #[error("The amount is at least 1 minor unit.")]
    Zero,
    /// The reference of a new payment holds what nobody can see.
    #[error("{0}")]
    Reference(InvalidText),
    /// The sum of all captured payments in this currency would exceed the largest amount.
    #[error("The payments of an order are together at most {AMOUNT_MAX} minor units.")]
    TotalTooLarge,
}

impl Explain for InvalidPayment {
    fn in_japanese(&self) -> Cow<'static, str> {
        match self {
            Self::Zero => "金額は通貨の最小単位で 1 以上です。".into(),
            Self::Reference(invalid) => invalid.in_japanese(),
            Self::TotalTooLarge => {
                format!("注文の支払いの合計は通貨の最小単位で {AMOUNT_MAX} までです。").into()
            }
        }
    }
}

impl PaymentRefusal {
    /// The refusal's name, for programs. It never changes.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "payment-not-found",
            Self::ReferenceReused => "reference-reused",
            Self::RefundReferenceReused => "refund-reference-reused",
            Self::TooManyPayments => "too-many-payments",
            Self::TooManyRefunds => "too-many-refunds",
            Self::NotCaptured => "payment-not-captured",
            Self::RefundTooLarge { .. } => "refund-too-large",
            Self::InvalidPayment(InvalidPayment::Zero) => "amount-zero",
            Self::InvalidPayment(InvalidPayment::Reference(_)) => "reference-invisible",
            Self::InvalidPayment(InvalidPayment::TotalTooLarge) => "payments-too-large",
        }
    }
}
