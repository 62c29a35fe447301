//! `POST /v1/orders/{orderId}/confirm`: confirms an order.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, OptionalJson, Problem, StaffCall};
use orders::{CustomerId, order::OrderCommand};

use super::command::{EmptyBody, OrderPath, change};

pub(super) async fn confirm(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order): OrderPath,
    OptionalJson(EmptyBody): OptionalJson<EmptyBody>,
) -> Result<Response, Problem> {
    change(&app, &call, order, OrderCommand::ConfirmOrder).await
}
