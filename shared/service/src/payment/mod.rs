//! The use cases of an order's payments, one file each: body, handler and answer.

mod pay;

use dekigoto_http::Routes;

/// The routes of an order's payments.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/v1/orders/{orderId}/payments", pay::pay)
}
