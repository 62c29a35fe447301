//! `POST /v1/orders/{orderId}/ship`: ships an order that is paid, or that staff accepts on account.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, Body, Fields, Json, Problem, StaffCall};
use orders::{
    Carrier, CustomerId, TrackingNumber,
    order::{OrderCommand, ShipOrder},
};

use super::{
    command::{OrderPath, change},
    funds::funds,
};

pub(super) struct ShipBody {
    carrier: Carrier,
    tracking_number: TrackingNumber,
    on_account: bool,
}

impl Body for ShipBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let carrier = fields.text("carrier");
        let tracking_number = fields.text("trackingNumber");
        let on_account = fields.flag("onAccount");
        Some(Self { carrier: carrier?, tracking_number: tracking_number?, on_account: on_account? })
    }
}

pub(super) async fn ship(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order): OrderPath,
    Json(body): Json<ShipBody>,
) -> Result<Response, Problem> {
    let ShipBody { carrier, tracking_number, on_account } = body;
    let (funds, loaded) = funds(&app, order, on_account).await?;
    let command = OrderCommand::ShipOrder(ShipOrder { carrier, tracking_number, funds });
    change(&app, &call, order, command, loaded).await
}
