//! Commands: parse, ask the engine, say what came of it.

use axum::{
    Json as Answered,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use dekigoto::{Answer, Expect, Version};
use orders::{
    Amount, Carrier, Currency, CustomerId, Day, DeclineReason, OrderId, PaymentId,
    PaymentReference, Reason, Status, TrackingNumber,
    order::{
        CancelOrder, Item, Order, OrderCommand, OrderRefusal, OrderState, PlaceOrder, ShipOrder,
    },
    payment::{Outcome, PaidOrder, Payment, PaymentCommand, PaymentRefusal, ProcessPayment},
};
use serde::{Deserialize, Serialize};

use super::{
    App,
    body::{Json, Object, OptionalJson},
    call::Call,
    ownership::must_own,
    params::OrderPath,
    problem::{FieldFault, Kind, Problem, of_command},
};

/// `POST /v1/orders`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlaceBody {
    customer_id: CustomerId,
    // A string, because a currency that does not exist is a business error (422) and not a malformed request.
    currency: String,
    items: Vec<Object<ItemBody>>,
}

/// One line of an order, as a client sends it. The stored one ignores unknown fields; this one refuses them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemBody {
    product_id: orders::ProductId,
    quantity: orders::Quantity,
    unit_amount: orders::UnitAmount,
}

/// `POST /v1/orders/{orderId}/confirm` and `/deliver`: nothing to say.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EmptyBody {}

/// `POST /v1/orders/{orderId}/ship`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ShipBody {
    carrier: Carrier,
    tracking_number: TrackingNumber,
}

/// `POST /v1/orders/{orderId}/cancel`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelBody {
    reason: Reason,
}

/// `POST /v1/orders/{orderId}/payments`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PayBody {
    reference: PaymentReference,
    amount: i64,
    currency: String,
    outcome: OutcomeBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decline_reason: Option<DeclineReason>,
}

// Read from a string: serde's own form of an enum is also an object, `{"captured": null}`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
enum OutcomeBody {
    Captured,
    Declined,
}

impl TryFrom<String> for OutcomeBody {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match &*text {
            "captured" => Ok(Self::Captured),
            "declined" => Ok(Self::Declined),
            _ => Err("an outcome is captured or declined"),
        }
    }
}

/// What a command on an order answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderAnswer {
    order_id: OrderId,
    version: Version,
    status: Status,
}

/// What a payment answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentAnswer {
    payment_id: PaymentId,
    order_id: OrderId,
    version: Version,
    status: &'static str,
}

pub(super) async fn place(
    State(app): State<App>,
    call: Call,
    Json(body): Json<PlaceBody>,
) -> Result<Response, Problem> {
    call.caller.must_be(&body.customer_id)?;
    let context = call.context(&app, &["place"], &body);
    let currency = currency(&body.currency, Kind::InvalidOrder)?;
    let items = body.items.into_iter().map(|Object(item)| Item {
        product_id: item.product_id,
        quantity: item.quantity,
        unit_amount: item.unit_amount,
    });
    let command = OrderCommand::PlaceOrder(PlaceOrder {
        customer_id: body.customer_id,
        currency,
        items: items.collect(),
        placed_on: Day::of(context.at),
    });
    // The id derives from caller and key, so a repeated command meets its own first commit.
    let order_id = OrderId::derive(call.caller.actor(), &call.key);
    let id = order_id.to_string();
    let answer = match call.expect {
        Expect::Anything => app.engine.create::<Order>(&id, command, &context).await,
        expect => app.engine.execute::<Order>(&id, command, &context, expect).await,
    };
    let answer = answer.map_err(of_command)?;
    let mut response = answered(&call, order_id, answer, StatusCode::CREATED)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/orders/{order_id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(super) async fn confirm(
    State(app): State<App>,
    call: Call,
    OrderPath(order): OrderPath,
    OptionalJson(body): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
    call.caller.must_be_trusted()?;
    change(&app, &call, order, "confirm", &body, OrderCommand::ConfirmOrder).await
}

pub(super) async fn ship(
    State(app): State<App>,
    call: Call,
    OrderPath(order): OrderPath,
    Json(body): Json<ShipBody>,
) -> Result<Response, Problem> {
    call.caller.must_be_trusted()?;
    let command = OrderCommand::ShipOrder(ShipOrder {
        carrier: body.carrier.clone(),
        tracking_number: body.tracking_number.clone(),
    });
    change(&app, &call, order, "ship", &body, command).await
}

pub(super) async fn deliver(
    State(app): State<App>,
    call: Call,
    OrderPath(order): OrderPath,
    OptionalJson(body): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
    call.caller.must_be_trusted()?;
    change(&app, &call, order, "deliver", &body, OrderCommand::DeliverOrder).await
}

pub(super) async fn cancel(
    State(app): State<App>,
    call: Call,
    OrderPath(order): OrderPath,
    Json(body): Json<CancelBody>,
) -> Result<Response, Problem> {
    must_own(&app, &call.caller, order).await?;
    let command = OrderCommand::CancelOrder(CancelOrder { reason: body.reason.clone() });
    change(&app, &call, order, "cancel", &body, command).await
}

pub(super) async fn pay(
    State(app): State<App>,
    call: Call,
    OrderPath(order_id): OrderPath,
    Json(body): Json<PayBody>,
) -> Result<Response, Problem> {
    call.caller.must_be_trusted()?;
    let id = order_id.to_string();
    let context = call.context(&app, &["pay", &id], &body);
    let order = app.engine.load::<Order>(&id).await?;
    let order = order.state.placed().ok_or_else(Problem::not_found)?;
    let command = PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder::new(order_id, order),
        reference: body.reference.clone(),
        amount: amount(body.amount)?,
        currency: currency(&body.currency, Kind::InvalidPayment)?,
        outcome: outcome(body.outcome, body.decline_reason)?,
    });
    let answer = app.engine.execute::<Payment>(&id, command, &context, call.expect).await;
    let answer = answer.map_err(of_command)?;
    let version = answer.version.ok_or_else(Problem::not_found)?;
    let status = if matches!(body.outcome, OutcomeBody::Captured) { "received" } else { "failed" };
    let payment_id = PaymentId::derive(order_id, &body.reference);
    let paid = PaymentAnswer { payment_id, order_id, version, status };
    Ok(call.answer(Some(version), answer.replayed, (StatusCode::CREATED, Answered(paid))))
}

async fn change<B: Serialize>(
    app: &App,
    call: &Call,
    order: OrderId,
    operation: &str,
    body: &B,
    command: OrderCommand,
) -> Result<Response, Problem> {
    let id = order.to_string();
    let context = call.context(app, &[operation, &id], body);
    let answer = app.engine.execute::<Order>(&id, command, &context, call.expect).await;
    answered(call, order, answer.map_err(of_command)?, StatusCode::OK)
}

fn answered(
    call: &Call,
    order_id: OrderId,
    Answer { state, version, replayed }: Answer<Order>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (OrderState::Placed(order), Some(version)) = (state, version) else {
        return Err(Problem::not_found());
    };
    let answer = OrderAnswer { order_id, version, status: order.status };
    Ok(call.answer(Some(version), replayed, (status, Answered(answer)).into_response()))
}

fn currency(text: &str, kind: Kind) -> Result<Currency, Problem> {
    text.parse().map_err(|cause: orders::InvalidCurrency| at_fault(kind, "/currency", &cause))
}

fn amount(number: i64) -> Result<Amount, Problem> {
    let whole = u64::try_from(number).unwrap_or(u64::MAX);
    let amount = Amount::try_from(whole);
    amount.map_err(|cause| at_fault(Kind::InvalidPayment, "/amount", &cause))
}

fn outcome(outcome: OutcomeBody, reason: Option<DeclineReason>) -> Result<Outcome, Problem> {
    match (outcome, reason) {
        (OutcomeBody::Captured, None) => Ok(Outcome::Captured),
        (OutcomeBody::Declined, reason) => Ok(Outcome::Declined(reason)),
        (OutcomeBody::Captured, Some(_)) => {
            let why = "belongs to a declined payment";
            Err(at_fault(Kind::InvalidPayment, "/declineReason", &why))
        }
    }
}

fn at_fault(kind: Kind, pointer: &str, why: &dyn std::fmt::Display) -> Problem {
    let fault = FieldFault { pointer: pointer.to_owned(), detail: why.to_string() };
    Problem::new(kind, format!("{pointer}: {why}.")).with_faults(vec![fault])
}

impl From<OrderRefusal> for Problem {
    fn from(refusal: OrderRefusal) -> Self {
        let kind = match &refusal {
            OrderRefusal::NotFound => return Self::not_found(),
            OrderRefusal::AlreadyPlaced | OrderRefusal::IllegalTransition { .. } => {
                Kind::IllegalTransition
            }
            OrderRefusal::InvalidOrder(_) => Kind::InvalidOrder,
        };
        Self::new(kind, refusal.to_string())
    }
}

impl From<PaymentRefusal> for Problem {
    fn from(refusal: PaymentRefusal) -> Self {
        let kind = match &refusal {
            PaymentRefusal::InvalidPayment(_) => Kind::InvalidPayment,
            PaymentRefusal::NotFound => return Self::not_found(),
            PaymentRefusal::ReferenceReused
            | PaymentRefusal::AlreadyPaid
            | PaymentRefusal::TooManyPayments
            | PaymentRefusal::NotCaptured
            | PaymentRefusal::RefundTooLarge { .. } => Kind::IllegalTransition,
        };
        Self::new(kind, refusal.to_string())
    }
}
