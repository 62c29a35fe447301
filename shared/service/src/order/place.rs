//! `POST /v1/orders`: places an order.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use dekigoto::{Expect, Text, Timestamp};
use dekigoto_http::{
    App, Body, FieldFault, Fields, Json, Kind, Problem, Subject, limits::FAULTS_MAX, of_command,
};
use orders::{
    Currency, CustomerId, Day, OrderId, ProductId, Quantity, UnitAmount,
    limits::ITEMS_MAX,
    order::{InvalidOrder, Item, Order, OrderCommand, PlaceOrder},
};

use super::command::{answered, currency};
use crate::{
    caller::Call,
    measures::ORDERS_PLACED,
    problems::{INVALID_ORDER, of_order},
    views::price_list::prices,
};

const LISTED_PRICE: Text = Text::new(
    "comes from the price list; leave it out",
    "単価は価格表から決まります。指定しないでください。",
);
const PRICES_BY_STAFF: Text = Text::new(
    "Only staff and services name prices.",
    "単価を指定できるのはスタッフとサービスだけです。",
);
const PRICE_IS_MISSING: Text = Text::new(
    "The price list lacks products of the order.",
    "注文した商品の価格が価格表にありません。",
);

pub(super) struct PlaceBody {
    customer_id: CustomerId,
    currency: Currency,
    items: Vec<ItemBody>,
}

struct ItemBody {
    product_id: ProductId,
    quantity: Quantity,
    /// Absent if the price comes from the price list.
    unit_amount: Option<UnitAmount>,
}

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
        Some(Self { customer_id: customer_id?, currency: currency?, items: items? })
    }
}

impl Body for ItemBody {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let product_id = fields.text("productId");
        let quantity = fields.whole("quantity");
        let unit_amount = fields.optional_whole("unitAmount");
        let (product_id, quantity) = (product_id?, quantity?);
        Some(Self { product_id, quantity, unit_amount: unit_amount? })
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
    must_leave_prices_out(&call, &items)?;
    let (items, listed) = priced(&app, items, currency, context.at).await?;
    let placed_on = Day::within(app.zone(), context.at);
    let time_zone = app.zone().name().clone();
    let place = PlaceOrder { customer_id, currency, items, listed, placed_on, time_zone };
    let command = OrderCommand::PlaceOrder(place);
    // The id derives from caller and key, so a repeated command finds its own first commit.
    let order = OrderId::derive(call.caller.actor(), &call.key);
    let engine = app.engine();
    let answer = match call.expect {
        Expect::Anything => engine.create::<Order>(&order, command, &context).await,
        expect => engine.execute::<Order>(&order, command, &context, expect).await,
    };
    let answer = answer.map_err(|error| of_command(error, of_order))?;
    if answer.recorded {
        ORDERS_PLACED.record(1);
    }
    let mut response = answered(&call, order, answer, StatusCode::CREATED)?;
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/orders/{order}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Prices of a customer's order come from the price list. Staff and trusted services may name them.
fn must_leave_prices_out(call: &Call, items: &[ItemBody]) -> Result<(), Problem> {
    if call.caller.owner().is_none() {
        return Ok(());
    }
    let priced = items.iter().enumerate().filter(|(_, item)| item.unit_amount.is_some());
    let fault = |(place, _)| FieldFault {
        subject: Subject::Pointer(format!("/items/{place}/unitAmount")),
        detail: LISTED_PRICE,
    };
    refused(priced.map(fault).take(FAULTS_MAX).collect(), PRICES_BY_STAFF)
}

/// The lines with their prices, and the places of those whose price came from the price list. All prices are read in one
/// request.
async fn priced(
    app: &App,
    items: Vec<ItemBody>,
    currency: Currency,
    at: Timestamp,
) -> Result<(Vec<Item>, BTreeSet<usize>), Problem> {
    let unpriced = items.iter().enumerate().filter(|(_, item)| item.unit_amount.is_none());
    let (listed, products): (Vec<usize>, Vec<&ProductId>) =
        unpriced.map(|(place, item)| (place, &item.product_id)).unzip();
    let prices = prices(app, &products, currency, at).await?;
    let prices: BTreeMap<usize, Option<UnitAmount>> = listed.into_iter().zip(prices).collect();
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (place, ItemBody { product_id, quantity, unit_amount }) in items.into_iter().enumerate() {
        match unit_amount.or_else(|| prices.get(&place).copied().flatten()) {
            Some(unit_amount) => lines.push(Item { product_id, quantity, unit_amount }),
            None if faults.len() < FAULTS_MAX => faults.push(FieldFault {
                subject: Subject::Pointer(format!("/items/{place}/productId")),
                detail: Text::with_values(
                    format!("{product_id} has no price in {currency}"),
                    format!("{product_id} の {currency} の価格が価格表にありません。"),
                ),
            }),
            None => {}
        }
    }
    refused(faults, PRICE_IS_MISSING)?;
    Ok((lines, prices.into_keys().collect()))
}

fn refused(faults: Vec<FieldFault>, detail: Text) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem::told(INVALID_ORDER, detail).with_faults(faults))
}
