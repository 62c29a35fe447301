//! `GET /v1/orders/{orderId}/payments`: an order's payments and refunds, read from the store.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use dekigoto_http::{App, Params, Problem, etag_of_two};
use orders::{
    Amount, Currency, DeclineReason, PaymentId, PaymentReference, RefundReference,
    payment::{PaymentState, RecordedPayment, Refund},
};
use serde::Serialize;

use super::{both, refund::status_of, version_of};
use crate::{
    caller::Caller,
    order::{command::OrderPath, ownership::must_own},
};

/// The payments of an order. The sums are in the order's currency.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentList<'a> {
    items: Vec<PaymentItem<'a>>,
    currency: Currency,
    captured_amount: Amount,
    refunded_amount: Amount,
    /// What the order does not need of it: everything once it is cancelled.
    surplus_amount: Amount,
    /// The sums in other currencies, of which the order needs nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_currencies: Vec<Sums>,
    /// The version of the payments; 0 before the first.
    version: u64,
}

/// The sums in one currency.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sums {
    currency: Currency,
    captured_amount: Amount,
    refunded_amount: Amount,
    surplus_amount: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentItem<'a> {
    payment_id: PaymentId,
    reference: &'a PaymentReference,
    status: &'static str,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
    refunded_amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_reason: Option<&'a DeclineReason>,
    refunds: Vec<RefundItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundItem<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_reference: Option<&'a RefundReference>,
    status: &'static str,
    amount: Amount,
}

impl Sums {
    fn of(payments: &PaymentState, currency: Currency, owed: Amount) -> Self {
        Self {
            currency,
            captured_amount: payments.captured(currency),
            refunded_amount: payments.refunded(currency),
            surplus_amount: payments.paid().amount(currency).saturating_minus(owed),
        }
    }
}

impl<'a> PaymentItem<'a> {
    /// A captured payment shows its capture, also if it was declined before.
    fn of(payment: &'a RecordedPayment) -> Self {
        let fact = payment.captured.or(payment.declined);
        Self {
            payment_id: payment.payment_id,
            reference: &payment.reference,
            status: if payment.captured.is_some() { "received" } else { "failed" },
            amount: fact.map_or(Amount::ZERO, |fact| fact.amount),
            currency: fact.map(|fact| fact.currency),
            refunded_amount: payment.refunded_amount(),
            decline_reason: payment.decline_reason.as_ref(),
            refunds: payment.refunds.iter().map(RefundItem::of).collect(),
        }
    }
}

impl<'a> RefundItem<'a> {
    fn of(refund: &'a Refund) -> Self {
        Self {
            refund_reference: refund.refund_reference.as_ref(),
            status: status_of(refund.outcome),
            amount: refund.amount,
        }
    }
}

pub(super) async fn payments(
    State(app): State<App>,
    caller: Caller,
    OrderPath(id): OrderPath,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    must_own(&app, &caller, id).await?;
    let (order, history) = both(&app, id).await?;
    let placed = order.state.placed().ok_or_else(Problem::not_found)?;
    let (payments, version) = (&history.state, version_of(&history));
    let Sums { currency, captured_amount, refunded_amount, surplus_amount } =
        Sums::of(payments, placed.currency, placed.owed());
    let mut others = payments.captured_currencies();
    others.remove(&currency);
    let others = others.into_iter().map(|it| Sums::of(payments, it, Amount::ZERO));
    let answer = PaymentList {
        items: payments.payments().iter().map(PaymentItem::of).collect(),
        currency,
        captured_amount,
        refunded_amount,
        surplus_amount,
        other_currencies: others.collect(),
        version,
    };
    let tag = etag_of_two(version_of(&order), version);
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}
