//! The use cases of an order's payments, one file each: body, handler and answer.

mod pay;
mod payments;
mod refund;

use dekigoto::{Aggregate, History, Version};
use dekigoto_http::{App, Problem, Routes};
use orders::{OrderId, PaymentId, order::Order, payment::Payment};
use serde::Serialize;

/// The routes of an order's payments.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/orders/{orderId}/payments", pay::pay)
        .get("/v1/orders/{orderId}/payments", payments::payments)
        .post("/v1/orders/{orderId}/refunds", refund::refund)
}

/// The answer to a payment or a refund.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentAnswer {
    payment_id: PaymentId,
    order_id: OrderId,
    version: Option<Version>,
    status: &'static str,
}

/// An order and its payments, read side by side.
async fn both(app: &App, id: OrderId) -> Result<(History<Order>, History<Payment>), Problem> {
    Ok(app.engine().load_two(&id, &id).await?)
}

/// The version of a stream; 0 if it is empty.
fn version_of<A: Aggregate>(history: &History<A>) -> u64 {
    history.head.version().map_or(0, Version::get)
}
