//! The HTTP contract as an axum router, the same in Lambda and in the one-process run.

mod bodies;
mod body;
mod call;
mod caller;
mod commands;
mod cursor;
mod faults;
mod fields;
mod layer;
pub mod limits;
mod order_view;
mod params;
mod problem;
mod queries;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use dekigoto::{Engine, EventStore, Host, ViewStore};

pub use caller::{Caller, STAFF_SCOPE};
pub use layer::RequestId;
pub use problem::{FieldFault, Kind, Problem};

/// What the handlers stand on.
#[derive(Clone)]
pub struct App {
    engine: Engine,
    store: Arc<dyn EventStore>,
    views: Arc<dyn ViewStore>,
    host: Arc<dyn Host>,
}

impl App {
    /// An application on these stores.
    #[must_use]
    pub fn new(store: Arc<dyn EventStore>, views: Arc<dyn ViewStore>, host: Arc<dyn Host>) -> Self {
        let engine = Engine::new(Arc::clone(&store), Arc::clone(&host));
        Self { engine, store, views, host }
    }
}

/// Every route of the contract. `template.yaml` names the same ones.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/health", get(queries::health))
        .route("/v1/orders", post(commands::place).get(queries::list))
        .route("/v1/orders/{orderId}", get(queries::order))
        .route("/v1/orders/{orderId}/confirm", post(commands::confirm))
        .route("/v1/orders/{orderId}/ship", post(commands::ship))
        .route("/v1/orders/{orderId}/deliver", post(commands::deliver))
        .route("/v1/orders/{orderId}/cancel", post(commands::cancel))
        .route("/v1/orders/{orderId}/payments", post(commands::pay))
        .route("/v1/orders/{orderId}/events", get(queries::events))
        .route("/v1/customers/{customerId}/summary", get(queries::customer_summary))
        .route("/v1/sales/daily", get(queries::daily_sales))
        .method_not_allowed_fallback(layer::unknown_method)
        .fallback(layer::unknown_path)
        .layer(middleware::from_fn_with_state(app.clone(), layer::surround))
        .with_state(app)
}
