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
    order::Order,
    payment::{Payment, RecordedPayment, Refund},
};
use serde::Serialize;

use super::{refund::status_of, version_of};
use crate::{
    caller::Caller,
    order::{command::OrderPath, ownership::must_own},
};

/// The payments of an order. Amounts are in the order's currency.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentList<'a> {
    items: Vec<PaymentItem<'a>>,
    currency: Currency,
    captured_amount: Amount,
    refunded_amount: Amount,
    /// What the order does not need of it: everything once it is cancelled.
    surplus_amount: Amount,
    /// The version of the payments; 0 before the first.
    version: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentItem<'a> {
    payment_id: PaymentId,
    reference: &'a PaymentReference,
    status: &'static str,
    amount: Amount,
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

impl<'a> PaymentItem<'a> {
    /// A captured payment shows its capture, also if it was declined before.
    fn of(payment: &'a RecordedPayment) -> Self {
        let fact = payment.captured.or(payment.declined);
        Self {
            payment_id: payment.payment_id,
            reference: &payment.reference,
            status: if payment.captured.is_some() { "received" } else { "failed" },
            amount: fact.map_or(Amount::ZERO, |fact| fact.amount),
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
    let order = app.engine().load::<Order>(&id).await?;
    let placed = order.state.placed().ok_or_else(Problem::not_found)?;
    let history = app.engine().load::<Payment>(&id).await?;
    let (payments, version) = (&history.state, version_of(&history));
    let answer = PaymentList {
        items: payments.payments().iter().map(PaymentItem::of).collect(),
        currency: placed.currency,
        captured_amount: payments.captured(),
        refunded_amount: payments.refunded(),
        surplus_amount: payments.paid().saturating_minus(placed.owed()),
        version,
    };
    let tag = etag_of_two(version_of(&order), version);
    Ok(([(header::ETAG, tag)], Json(answer)).into_response())
}
