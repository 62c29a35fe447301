//! `POST /v1/orders`: places an order.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use dekigoto::Expect;
use dekigoto_http::{App, Body, Fields, Json, Kind, Problem, of_command};
use orders::{
    Currency, CustomerId, Day, OrderId,
    limits::ITEMS_MAX,
    order::{InvalidOrder, Item, Order, OrderCommand, PlaceOrder},
};

use super::command::{answered, currency};
use crate::{
    caller::Call,
    problems::{INVALID_ORDER, of_order},
};

pub(super) struct PlaceBody {
    customer_id: CustomerId,
    currency: Currency,
    items: Vec<Item>,
}

struct ItemBody(Item);

impl Body for PlaceBody {
    const INVALID: Kind = INVALID_ORDER;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let customer_id = fields.text("customerId");
        let currency = currency(fields);
        let items = fields.list("items", ITEMS_MAX, InvalidOrder::TooManyItems);
        let items = items.and_then(|items: Vec<ItemBody>| {
            let given = if items.is_empty() { Err(InvalidOrder::NoItems) } else { Ok(items) };
            fields.check("items", given)
        });
        let items = items?.into_iter().map(|ItemBody(item)| item).collect();
        Some(Self { customer_id: customer_id?, currency: currency?, items })
    }
}

impl Body for ItemBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let product_id = fields.text("productId");
        let quantity = fields.whole("quantity");
        let unit_amount = fields.whole("unitAmount");
        Some(Self(Item { product_id: product_id?, quantity: quantity?, unit_amount: unit_amount? }))
    }
}

pub(super) async fn place(
    State(app): State<App>,
    call: Call,
    Json(body): Json<PlaceBody>,
) -> Result<Response, Problem> {
    call.caller.must_be(&body.customer_id)?;
    let context = call.context(&app);
    let PlaceBody { customer_id, currency, items } = body;
    let placed_on = Day::of(context.at);
    let command = OrderCommand::PlaceOrder(PlaceOrder { customer_id, currency, items, placed_on });
    // The id derives from caller and key, so a repeated command finds its own first commit.
    let order = OrderId::derive(call.caller.actor(), &call.key);
    let engine = app.engine();
    let answer = match call.expect {
        Expect::Anything => engine.create::<Order>(&order, command, &context).await,
        expect => engine.execute::<Order>(&order, command, &context, expect).await,
    };
    let answer = answer.map_err(|error| of_command(error, of_order))?;
    let mut response = answered(&call, order, answer, StatusCode::CREATED)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/orders/{order}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
