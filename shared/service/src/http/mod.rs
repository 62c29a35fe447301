//! The HTTP contract as an axum router, the same in Lambda and in the one-process run.

mod bodies;
mod body;
mod call;
mod caller;
mod causes;
mod commands;
mod contract;
mod cursor;
mod cursor_key;
mod faults;
mod fields;
mod health;
mod history;
mod layer;
pub mod limits;
mod lists;
mod order;
mod order_view;
mod ownership;
mod params;
mod problem;
mod reports;
mod routes;

use std::sync::{Arc, OnceLock};

use axum::{Router, http::Method, middleware};
use dekigoto::{Engine, EventStore, Host, ViewStore};

pub use caller::{Caller, STAFF_SCOPE};
pub use contract::CONTRACT;
pub use layer::RequestId;
pub use problem::{FieldFault, Kind, Problem};
use routes::Table;

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    engine: Engine,
    store: Arc<dyn EventStore>,
    views: Arc<dyn ViewStore>,
    host: Arc<dyn Host>,
    /// Once a list has needed it.
    cursor_key: Arc<OnceLock<cursor::CursorKey>>,
}

impl App {
    /// An application on these stores.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, views: Arc<dyn ViewStore>, host: Arc<dyn Host>) -> Self {
        let engine = Engine::new(Arc::clone(&store), Arc::clone(&host));
        Self { engine, store, views, host, cursor_key: Arc::default() }
    }
}

/// Every route of the contract, one line each. `infra/openapi.yaml` and `template.yaml` name the same ones.
fn table() -> Table {
    Table::default()
        .get("/v1/health", health::health)
        .get("/v1/openapi.json", contract::contract)
        .post("/v1/orders", commands::place)
        .get("/v1/orders", lists::list)
        .get("/v1/orders/{orderId}", order::order)
        .post("/v1/orders/{orderId}/confirm", commands::confirm)
        .post("/v1/orders/{orderId}/ship", commands::ship)
        .post("/v1/orders/{orderId}/deliver", commands::deliver)
        .post("/v1/orders/{orderId}/cancel", commands::cancel)
        .post("/v1/orders/{orderId}/payments", commands::pay)
        .get("/v1/orders/{orderId}/events", history::events)
        .get("/v1/customers/{customerId}/summary", reports::customer_summary)
        .get("/v1/sales/daily", reports::daily_sales)
}

/// Method and path of every route.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str)> {
    table().routes
}

/// The HTTP edge of an application.
pub fn router(app: App) -> Router {
    table()
        .router
        .method_not_allowed_fallback(layer::unknown_method)
        .fallback(layer::unknown_path)
        .layer(middleware::from_fn_with_state(app.clone(), layer::surround))
        .with_state(app)
}
