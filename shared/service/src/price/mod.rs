//! `PUT /v1/prices/{productId}`: staff sets the price of a product.

use axum::{Json as Answered, extract::State, response::Response};
use dekigoto::{CommandError, Timestamp, Version};
use dekigoto_http::{App, Body, Fields, Json, PathId, Problem, Routes, StaffCall, of_command};
use orders::{
    Currency, CustomerId, ProductId, UnitAmount,
    price::{Price, SetPrice},
};
use serde::Serialize;

/// The routes of prices.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.put("/v1/prices/{productId}", set)
}

struct PriceBody {
    currency: Currency,
    unit_amount: UnitAmount,
    valid_from: Timestamp,
}

impl Body for PriceBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let currency = fields.text("currency");
        let unit_amount = fields.whole("unitAmount");
        let valid_from = fields.text("validFrom");
        Some(Self { currency: currency?, unit_amount: unit_amount?, valid_from: valid_from? })
    }
}

/// The answer to a price.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PriceAnswer {
    product_id: ProductId,
    version: Option<Version>,
}

async fn set(
    State(app): State<App>,
    StaffCall(call): StaffCall<CustomerId>,
    PathId(product_id): PathId<ProductId>,
    Json(PriceBody { currency, unit_amount, valid_from }): Json<PriceBody>,
) -> Result<Response, Problem> {
    let (id, context) = (product_id.clone(), call.context(&app));
    let command = SetPrice { product_id, currency, unit_amount, valid_from };
    let answer = app.engine().execute::<Price>(&id, command, &context, call.expect).await;
    let answer =
        answer.map_err(|error: CommandError<_>| of_command(error, |never| match *never {}))?;
    let set = PriceAnswer { product_id: id, version: answer.version };
    // The price that holds already needs no event: the answer is that of the command that set it.
    Ok(call.answer(answer.version, !answer.recorded, Answered(set)))
}
