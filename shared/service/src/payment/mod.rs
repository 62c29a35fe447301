//! The use cases of an order's payments: one file each, with body, handler and answer.

mod pay;

use dekigoto_http::Routes;

/// The commands of an order's payments.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/v1/orders/{orderId}/payments", pay::pay)
}
