//! Maps the domain's refusals to problem details.

use dekigoto_http::{Japanese, Kind, Problem, bad_field};
use orders::{
    order::{InvalidOrder, OrderRefusal},
    payment::{InvalidPayment, PaymentRefusal},
};

/// An order breaks a business limit.
pub(crate) const INVALID_ORDER: Kind = Kind::new(
    422,
    "invalid-order",
    "The order breaks a limit",
    Japanese {
        title: "注文が制限に反しています",
        detail: "示した項目を制限に合わせてから、もう一度送ってください。",
    },
);

/// A payment breaks a business limit.
pub(crate) const INVALID_PAYMENT: Kind = Kind::new(
    422,
    "invalid-payment",
    "The payment breaks a limit",
    Japanese {
        title: "支払いが制限に反しています",
        detail: "示した項目を制限に合わせてから、もう一度送ってください。",
    },
);

/// The kinds of problems that this service adds to the kit's: the limits, and why a state forbids a command, with its
/// detail in Japanese.
pub const KINDS: [Kind; 15] = [
    INVALID_ORDER,
    INVALID_PAYMENT,
    forbidden("not-paid", "注文の支払いが済んでいません。全額の支払いを待ってください。"),
    forbidden("not-confirmed", "注文はまだ確定していません。先に確定してください。"),
    forbidden("not-shipped", "注文はまだ出荷されていません。先に出荷してください。"),
    forbidden("already-confirmed", "注文はすでに確定しています。"),
    forbidden("already-shipped", "注文はすでに出荷されています。"),
    forbidden("already-delivered", "注文はすでに配達されています。"),
    forbidden("already-cancelled", "注文はすでにキャンセルされています。"),
    forbidden("reference-reused", "この支払い番号は、内容の異なる支払いで使われています。"),
    forbidden("refund-reference-reused", "この返金番号は、内容の異なる返金で使われています。"),
    forbidden("payment-not-captured", "この支払いは確保されていないため、返金できません。"),
    forbidden("refund-too-large", "返金額が、支払い済みで未返金の額を超えています。"),
    forbidden("too-many-payments", "この注文に記録できる支払いの数を超えています。"),
    forbidden("too-many-refunds", "この注文に記録できる返金の数を超えています。"),
];

const fn forbidden(code: &'static str, detail: &'static str) -> Kind {
    Kind::ILLEGAL_TRANSITION.with_code(code, detail)
}

/// The kind of a refusal's reason. A reason that is not listed keeps the detail of every forbidden command.
fn forbidden_as(reason: &'static str) -> Kind {
    let listed = KINDS.into_iter().find(|kind| kind.code() == reason);
    listed.unwrap_or_else(|| forbidden(reason, Kind::ILLEGAL_TRANSITION.japanese().detail))
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
