//! The registry: every aggregate and view of the order service.
//!
//! To add an aggregate, a command, an event version or a view, follow the recipes in `CONTRIBUTING.md`.

use dekigoto::views::{Across, Single};
use dekigoto_http::{Contract, Service};
use orders::{order::Order, payment::Payment};

use crate::{
    order, payment,
    views::{self, CustomerSummaryView, DailySalesView, OrderSummaryView},
};

/// The scope of a staff token.
pub const STAFF_SCOPE: &str = "orders:staff";

/// The HTTP contract: `infra/openapi.yaml` as JSON, see `build.rs`.
pub static CONTRACT: Contract = Contract {
    version: env!("CARGO_PKG_VERSION"),
    openapi: include_str!(concat!(env!("OUT_DIR"), "/openapi.json")),
};

/// The order service.
#[must_use]
pub fn service() -> Service {
    Service::new("dekigoto.orders")
        .aggregate::<Order>(order::routes, orders::order::announce)
        .aggregate::<Payment>(payment::routes, orders::payment::announce)
        .view::<Single<OrderSummaryView>>()
        .view_at::<Across<CustomerSummaryView>>(views::customer_summary::routes)
        .view_at::<Across<DailySalesView>>(views::daily_sales::routes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_registry_has_no_faults() {
        assert_eq!(super::service().faults(), Vec::<String>::new());
    }
}
