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

/// The kinds of problems that this service adds to the kit's: the limits, and why a state forbids a command.
pub const KINDS: [Kind; 15] = [
    INVALID_ORDER,
    INVALID_PAYMENT,
    forbidden_as("not-paid"),
    forbidden_as("not-confirmed"),
    forbidden_as("not-shipped"),
    forbidden_as("already-confirmed"),
    forbidden_as("already-shipped"),
    forbidden_as("already-delivered"),
    forbidden_as("already-cancelled"),
    forbidden_as("reference-reused"),
    forbidden_as("refund-reference-reused"),
    forbidden_as("payment-not-captured"),
    forbidden_as("refund-too-large"),
    forbidden_as("too-many-payments"),
    forbidden_as("too-many-refunds"),
];

const fn forbidden_as(code: &'static str) -> Kind {
    Kind::ILLEGAL_TRANSITION.with_code(code)
}

/// The problem for an order's refusal.
pub(crate) fn of_order(refusal: &OrderRefusal) -> Problem {
    match refusal {
        OrderRefusal::NotFound => Problem::not_found(),
        OrderRefusal::AlreadyPlaced
        | OrderRefusal::IllegalTransition { .. }
        | OrderRefusal::NotPaid { .. } => {
            Problem::new(forbidden_as(refusal.reason()), refusal.to_string())
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
                InvalidPayment::Reference(_) => "/reference",
            };
            bad_field(INVALID_PAYMENT, pointer, invalid)
        }
        PaymentRefusal::ReferenceReused
        | PaymentRefusal::RefundReferenceReused
        | PaymentRefusal::TooManyPayments
        | PaymentRefusal::TooManyRefunds
        | PaymentRefusal::NotCaptured
        | PaymentRefusal::RefundTooLarge { .. } => {
            Problem::new(forbidden_as(refusal.reason()), refusal.to_string())
        }
    }
}
