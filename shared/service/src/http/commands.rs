//! Commands: parse, ask the engine, say what came of it.

use axum::{
    Json as Answered,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use dekigoto::{Answer, Expect, Version};
use orders::{
    Day, OrderId, PaymentId, Status,
    order::{CancelOrder, Item, Order, OrderCommand, OrderState, PlaceOrder, ShipOrder},
    payment::{PaidOrder, Payment, PaymentCommand, ProcessPayment},
};
use serde::Serialize;

use super::{
    App,
    bodies::{CancelBody, EmptyBody, PayBody, PlaceBody, ShipBody},
    body::{Json, OptionalJson},
    call::{Call, StaffCall},
    causes::of_command,
    ownership::must_own,
    params::OrderPath,
    problem::Problem,
};

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
    version: Option<Version>,
    status: &'static str,
}

pub(super) async fn place(
    State(app): State<App>,
    call: Call,
    Json(body): Json<PlaceBody>,
) -> Result<Response, Problem> {
    call.caller.must_be(&body.customer_id)?;
    let context = call.context(&app, &["place"], &body);
    let items = body.items.into_iter().map(|item| Item {
        product_id: item.product_id,
        quantity: item.quantity,
        unit_amount: item.unit_amount,
    });
    let command = OrderCommand::PlaceOrder(PlaceOrder {
        customer_id: body.customer_id,
        currency: body.currency,
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
    StaffCall(call): StaffCall,
    OrderPath(order): OrderPath,
    OptionalJson(body): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
    change(&app, &call, order, "confirm", &body, OrderCommand::ConfirmOrder).await
}

pub(super) async fn ship(
    State(app): State<App>,
    StaffCall(call): StaffCall,
    OrderPath(order): OrderPath,
    Json(body): Json<ShipBody>,
) -> Result<Response, Problem> {
    let command = OrderCommand::ShipOrder(ShipOrder {
        carrier: body.carrier.clone(),
        tracking_number: body.tracking_number.clone(),
    });
    change(&app, &call, order, "ship", &body, command).await
}

pub(super) async fn deliver(
    State(app): State<App>,
    StaffCall(call): StaffCall,
    OrderPath(order): OrderPath,
    OptionalJson(body): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
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
    StaffCall(call): StaffCall,
    OrderPath(order_id): OrderPath,
    Json(body): Json<PayBody>,
) -> Result<Response, Problem> {
    let id = order_id.to_string();
    let context = call.context(&app, &["pay", &id], &body);
    let order = app.engine.load::<Order>(&id).await?;
    let order = order.state.placed().ok_or_else(Problem::not_found)?;
    let command = PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder::new(order_id, order),
        reference: body.reference.clone(),
        amount: body.amount,
        currency: body.currency,
        outcome: body.outcome(),
    });
    let answer = app.engine.execute::<Payment>(&id, command, &context, call.expect).await;
    let answer = answer.map_err(of_command)?;
    // The same reference is the same payment, under whatever key: its answer is always that of when it was recorded.
    let payment = answer.state.by_reference(&body.reference).ok_or_else(Problem::not_found)?;
    let version = Version::new(payment.version);
    let status = if payment.is_captured() { "received" } else { "failed" };
    let paid = PaymentAnswer { payment_id: payment.payment_id, order_id, version, status };
    Ok(call.answer(version, !answer.recorded, (StatusCode::CREATED, Answered(paid))))
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
    Answer { state, version, replayed, .. }: Answer<Order>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (OrderState::Placed(order), Some(version)) = (state, version) else {
        return Err(Problem::not_found());
    };
    let answer = OrderAnswer { order_id, version, status: order.status };
    Ok(call.answer(Some(version), replayed, (status, Answered(answer)).into_response()))
}
