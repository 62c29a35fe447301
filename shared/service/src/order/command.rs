//! What the order commands share: path, body, execution and answer.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use dekigoto::{Answer, Text, Version};
use dekigoto_http::{App, Body, Fields, Part, Problem, malformed_request, of_command, path_text};
use orders::{
    Currency, OrderId, Status,
    order::{Order, OrderCommand, OrderState},
};
use serde::Serialize;

use super::funds::Loaded;
use crate::{caller::Call, problems::of_order};

const BAD_ORDER_ID: Text =
    Text::new("An order id is a UUID in lower case.", "注文 ID は小文字の UUID です。");

/// The order that the path names.
pub(crate) struct OrderPath(pub(crate) OrderId);

impl FromRequestParts<App> for OrderPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let id = path_text(parts, app).await?.parse();
        id.map(Self).map_err(|_| malformed_request(BAD_ORDER_ID))
    }
}

/// The body of a command without data.
#[derive(Default)]
pub(super) struct EmptyBody;

impl Body for EmptyBody {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// An unknown currency is a business error (422), not a malformed request.
pub(crate) fn currency(fields: &mut Fields<'_>) -> Option<Currency> {
    let text: String = fields.text("currency")?;
    fields.check("currency", text.parse())
}

/// The answer to a command on an order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderAnswer {
    order_id: OrderId,
    version: Version,
    status: Status,
}

/// Carries out a command on an existing order. A tag of two parts names the order's payments too: they are compared as they
/// were read for the decision.
pub(super) async fn change(
    app: &App,
    call: &Call,
    id: OrderId,
    command: OrderCommand,
    loaded: Loaded,
) -> Result<Response, Problem> {
    let context = call.context(app);
    let loaded = match loaded.payments {
        None if call.names_two_streams() => Loaded::both(app, id).await?,
        Some(_) | None => loaded,
    };
    let expect = loaded
        .payments
        .as_ref()
        .map_or(call.expect, |payments| call.expect_beside(Part::First, payments.version));
    let engine = app.engine();
    let answer = match loaded.order {
        Some(order) => engine.execute_on::<Order>(order, &id, command, &context, expect).await,
        None => engine.execute::<Order>(&id, command, &context, expect).await,
    };
    let answer = answer.map_err(|error| of_command(error, of_order))?;
    answered(call, id, answer, StatusCode::OK)
}

pub(super) fn answered(
    call: &Call,
    order_id: OrderId,
    Answer { state, version, replayed, .. }: Answer<Order>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (OrderState::Placed(order), Some(version)) = (state, version) else {
        return Err(Problem::not_found());
    };
    let answer = OrderAnswer { order_id, version, status: order.status };
    Ok(call.answer(Some(version), replayed, (status, Json(answer)).into_response()))
}
