//! `POST /v1/orders/{orderId}/cancel`: cancels an order.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, Body, Fields, Json, Problem};
use orders::order::{CancelOrder, OrderCommand};

use super::{
    command::{OrderPath, change},
    funds::Loaded,
    ownership::must_own,
};
use crate::caller::Call;

pub(super) struct CancelBody(CancelOrder);

impl Body for CancelBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self(CancelOrder { reason: fields.text("reason")? }))
    }
}

pub(super) async fn cancel(
    State(app): State<App>,
    call: Call,
    OrderPath(order): OrderPath,
    Json(CancelBody(cancel)): Json<CancelBody>,
) -> Result<Response, Problem> {
    must_own(&app, &call.caller, order).await?;
    change(&app, &call, order, OrderCommand::CancelOrder(cancel), Loaded::default()).await
}
