//! Maps the domain's refusals to problem details.

use dekigoto_http::{Kind, Problem, bad_field};
use orders::{
    order::{InvalidOrder, OrderRefusal},
    payment::{InvalidPayment, PaymentRefusal},
};

/// An order breaks a business limit.
pub(crate) const INVALID_ORDER: Kind = Kind::new(422, "invalid-order", "The order breaks a limit");

/// A payment breaks a business limit.
pub(crate) const INVALID_PAYMENT: Kind =
    Kind::new(422, "invalid-payment", "The payment breaks a limit");

/// The kinds of problems that this service adds to the kit's.
pub const KINDS: [Kind; 2] = [INVALID_ORDER, INVALID_PAYMENT];

/// The problem for an order's refusal.
pub(crate) fn of_order(refusal: &OrderRefusal) -> Problem {
    match refusal {
        OrderRefusal::NotFound => Problem::not_found(),
        OrderRefusal::AlreadyPlaced | OrderRefusal::IllegalTransition { .. } => {
            Problem::new(Kind::ILLEGAL_TRANSITION, refusal.to_string())
        }
        OrderRefusal::InvalidOrder(invalid) => {
            let pointer = match invalid {
                InvalidOrder::NoItems
                | InvalidOrder::TooManyItems
                | InvalidOrder::TotalTooLarge => "/items",
            };
            bad_field(INVALID_ORDER, pointer, invalid)
        }
    }
}

/// The problem for a payment's refusal.
pub(crate) fn of_payment(refusal: &PaymentRefusal) -> Problem {
    match refusal {
        PaymentRefusal::NotFound => Problem::not_found(),
        PaymentRefusal::InvalidPayment(invalid) => {
            let pointer = match invalid {
                InvalidPayment::Zero | InvalidPayment::TotalTooLarge => "/amount",
                InvalidPayment::OtherCurrency { .. } => "/currency",
            };
            bad_field(INVALID_PAYMENT, pointer, invalid)
        }
        PaymentRefusal::ReferenceReused
        | PaymentRefusal::RefundReferenceReused
        | PaymentRefusal::TooManyPayments
        | PaymentRefusal::TooManyRefunds
        | PaymentRefusal::NotCaptured
        | PaymentRefusal::RefundTooLarge { .. } => {
            Problem::new(Kind::ILLEGAL_TRANSITION, refusal.to_string())
        }
    }
}
