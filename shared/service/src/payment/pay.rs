//! `POST /v1/orders/{orderId}/payments`: records a captured or declined payment.

use std::str::FromStr;

use axum::{Json as Answered, extract::State, http::StatusCode, response::Response};
use dekigoto::{Text, Version, measure};
use dekigoto_http::{
    App, Body, Fields, Json, Kind, Part, Problem, StaffCall, of_command, saturating_unsigned,
};
use orders::{
    Amount, Currency, CustomerId, DeclineReason, PaymentReference,
    payment::{Outcome, PaidOrder, Payment, PaymentCommand, ProcessPayment},
};

use super::{PaymentAnswer, both, version_of};
use crate::{
    measures::AMOUNT_CAPTURED,
    order::command::{OrderPath, currency},
    problems::{INVALID_PAYMENT, of_payment},
};

const BAD_OUTCOME: Text =
    Text::new("an outcome is captured or declined", "outcome は captured か declined です。");
const NOT_DECLINED: Text = Text::new(
    "is allowed only for a declined payment",
    "拒否された支払い（declined）にだけ指定できます。",
);

pub(super) struct PayBody {
    reference: PaymentReference,
    amount: Amount,
    currency: Currency,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OutcomeWord {
    Captured,
    Declined,
}

impl FromStr for OutcomeWord {
    type Err = Text;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "captured" => Ok(Self::Captured),
            "declined" => Ok(Self::Declined),
            _ => Err(BAD_OUTCOME),
        }
    }
}

impl Body for PayBody {
    const INVALID: Kind = INVALID_PAYMENT;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let reference = fields.text("reference");
        let amount = fields.integer("amount");
        let amount = amount.and_then(|amount| {
            fields.check("amount", Amount::try_from(saturating_unsigned(amount)))
        });
        let currency = currency(fields);
        let outcome = fields.text("outcome");
        let decline_reason: Option<Option<DeclineReason>> = fields.optional_text("declineReason");
        if let (Some(OutcomeWord::Captured), Some(Some(_))) = (outcome, &decline_reason) {
            fields.check::<()>("declineReason", Err(NOT_DECLINED))?;
        }
        let decline_reason = decline_reason?;
        let outcome = match outcome? {
            OutcomeWord::Captured => Outcome::Captured,
            OutcomeWord::Declined => Outcome::Declined(decline_reason),
        };
        Some(Self { reference: reference?, amount: amount?, currency: currency?, outcome })
    }
}

pub(super) async fn pay(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order_id): OrderPath,
    Json(body): Json<PayBody>,
) -> Result<Response, Problem> {
    let context = call.context(&app);
    let (history, payments) = both(&app, order_id).await?;
    let order = history.state.placed().ok_or_else(Problem::not_found)?;
    let expect = call.expect_beside(Part::Second, version_of(&history));
    let PayBody { reference, amount, currency, outcome } = body;
    let command = PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder::new(order_id, order),
        reference: reference.clone(),
        amount,
        currency,
        outcome: outcome.clone(),
    });
    let answer =
        app.engine().execute_on::<Payment>(payments, &order_id, command, &context, expect).await;
    let answer = answer.map_err(|error| of_command(error, of_payment))?;
    if let (true, Outcome::Captured) = (answer.recorded, &outcome) {
        let minor_units = i64::try_from(amount.get()).unwrap_or(i64::MAX);
        AMOUNT_CAPTURED.record_by(
            measure::Part::Service,
            ("currency", currency.as_str()),
            minor_units,
        );
    }
    // The same reference and outcome is the same fact under any key, and gets the first answer again.
    let payment = answer.state.by_reference(&reference).ok_or_else(Problem::not_found)?;
    let version = payment.fact(&outcome).and_then(|fact| Version::new(fact.version));
    let status = match outcome {
        Outcome::Captured => "received",
        Outcome::Declined(_) => "failed",
    };
    let paid = PaymentAnswer { payment_id: payment.payment_id, order_id, version, status };
    Ok(call.answer(version, !answer.recorded, (StatusCode::CREATED, Answered(paid))))
}
