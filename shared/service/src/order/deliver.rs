//! `POST /v1/orders/{orderId}/deliver`: records the delivery of an order.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, OptionalJson, Problem, StaffCall};
use orders::{CustomerId, order::OrderCommand};

use super::{
    command::{EmptyBody, OrderPath, change},
    funds::Loaded,
};

pub(super) async fn deliver(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order): OrderPath,
    OptionalJson(EmptyBody): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
    change(&app, &call, order, OrderCommand::DeliverOrder, Loaded::default()).await
}
