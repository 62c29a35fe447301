//! `POST /v1/orders/{orderId}/ship`: ships an order.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, Body, Fields, Json, Problem, StaffCall};
use orders::{
    CustomerId,
    order::{OrderCommand, ShipOrder},
};

use super::command::{OrderPath, change};

pub(super) struct ShipBody(ShipOrder);

impl Body for ShipBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let carrier = fields.text("carrier");
        let tracking_number = fields.text("trackingNumber");
        Some(Self(ShipOrder { carrier: carrier?, tracking_number: tracking_number? }))
    }
}

pub(super) async fn ship(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order): OrderPath,
    Json(ShipBody(ship)): Json<ShipBody>,
) -> Result<Response, Problem> {
    change(&app, &call, order, OrderCommand::ShipOrder(ship)).await
}
