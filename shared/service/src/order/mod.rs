//! The use cases of an order, one file each: body or parameters, handler and answer.

mod cancel;
pub(crate) mod command;
mod confirm;
mod deliver;
mod events;
mod funds;
mod list;
pub(crate) mod ownership;
mod place;
mod ship;

use dekigoto_http::Routes;

use crate::views::order_summary;

/// The routes of orders.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/orders", place::place)
        .get("/v1/orders", list::list)
        .get("/v1/orders/{orderId}", order_summary::order)
        .post("/v1/orders/{orderId}/confirm", confirm::confirm)
        .post("/v1/orders/{orderId}/ship", ship::ship)
        .post("/v1/orders/{orderId}/deliver", deliver::deliver)
        .post("/v1/orders/{orderId}/cancel", cancel::cancel)
        .get("/v1/orders/{orderId}/events", events::events)
}
