//! `POST /v1/orders/{orderId}/confirm`: confirms an order that is paid, or that staff accepts on account.

use axum::{extract::State, response::Response};
use dekigoto_http::{App, Body, Fields, OptionalJson, Problem, StaffCall};
use orders::{
    CustomerId,
    order::{ConfirmOrder, OrderCommand},
};

use super::{
    command::{OrderPath, change},
    funds::funds,
};

#[derive(Default)]
pub(super) struct ConfirmBody {
    on_account: bool,
}

impl Body for ConfirmBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { on_account: fields.flag("onAccount")? })
    }
}

pub(super) async fn confirm(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    OrderPath(order): OrderPath,
    OptionalJson(body): OptionalJson<ConfirmBody>,
) -> Result<Response, Problem> {
    let (funds, loaded) = funds(&app, order, body.on_account).await?;
    let command = OrderCommand::ConfirmOrder(ConfirmOrder { funds });
    change(&app, &call, order, command, loaded).await
}
