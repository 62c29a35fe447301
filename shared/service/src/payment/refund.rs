//! `POST /v1/orders/{orderId}/refunds`: records a refund that the provider made or failed to make.

use std::str::FromStr;

use axum::{Json as Answered, extract::State, http::StatusCode, response::Response};
use dekigoto::{Text, Version};
use dekigoto_http::{
    App, Body, Fields, Json, Kind, Part, Problem, StaffCall, of_command, saturating_unsigned,
};
use orders::{
    Amount, CustomerId,
    payment::{Payment, PaymentCommand, RefundOutcome, RefundPayment},
};

use super::{PaymentAnswer, both, version_of};
use crate::{
    order::command::OrderPath,
    problems::{INVALID_PAYMENT, of_payment},
};

const BAD_OUTCOME: Text =
    Text::new("an outcome is refunded or failed", "outcome は refunded か failed です。");

pub(super) struct RefundBody(RefundPayment);

struct OutcomeWord(RefundOutcome);

impl FromStr for OutcomeWord {
    type Err = Text;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "refunded" => Ok(Self(RefundOutcome::Refunded)),
            "failed" => Ok(Self(RefundOutcome::Failed)),
            _ => Err(BAD_OUTCOME),
        }
    }
}

impl Body for RefundBody {
    const INVALID: Kind = INVALID_PAYMENT;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reference = fields.text("reference");
        let refund_reference = fields.text("refundReference");
        let amount = fields.integer("amount");
        let amount = amount.and_then(|amount| {
            fields.check("amount", Amount::try_from(saturating_unsigned(amount)))
        });
        let outcome = fields.text("outcome");
        let reason = fields.optional_text("reason");
        let (OutcomeWord(outcome), reason) = (outcome?, reason?);
        Some(Self(RefundPayment {
            reference: reference?,
            refund_reference: refund_reference?,
            amount: amount?,
            outcome,
            reason,
        }))
    }
}

pub(super) async fn refund(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order_id): OrderPath,
    Json(RefundBody(refund)): Json<RefundBody>,
) -> Result<Response, Problem> {
    let context = call.context(&app);
    let (expect, payments) = if call.names_two_streams() {
        let (order, payments) = both(&app, order_id).await?;
        (call.expect_beside(Part::Second, version_of(&order)), payments)
    } else {
        (call.expect, app.engine().load::<Payment>(&order_id).await?)
    };
    let (refund_reference, outcome) = (refund.refund_reference.clone(), refund.outcome);
    let command = PaymentCommand::RefundPayment(refund);
    let answer =
        app.engine().execute_on::<Payment>(payments, &order_id, command, &context, expect).await;
    let answer = answer.map_err(|error| of_command(error, of_payment))?;
    // The same refund reference and outcome is the same fact under any key, and gets the first answer again.
    let known = answer.state.refund(&refund_reference, outcome);
    let (payment, refund) = known.ok_or_else(Problem::not_found)?;
    let version = Version::new(refund.version);
    let status = status_of(outcome);
    let payment_id = payment.payment_id;
    let refunded = PaymentAnswer { payment_id, order_id, version, status };
    Ok(call.answer(version, !answer.recorded, (StatusCode::CREATED, Answered(refunded))))
}

/// The outcome as answers name it.
pub(super) fn status_of(outcome: RefundOutcome) -> &'static str {
    match outcome {
        RefundOutcome::Refunded => "refunded",
        RefundOutcome::Failed => "failed",
    }
}
