//! The order service, built on the kit: its use cases, its views, and here the registry that names them all, and the
//! policy, once.
//!
//! The same code runs in Lambda, in one process, and in tests. It uses no AWS type and no environment variable.
//!
//! To add an aggregate, a command, an event version or a view, follow the recipes in `CONTRIBUTING.md`.

mod caller;
pub mod limits;
mod measures;
mod order;
mod payment;
mod price;
mod problems;

/// The views: one file each, with key, row, fold and the query that reads it.
mod views {
    pub(crate) mod customer_summary;
    pub(crate) mod daily_sales;
    pub(crate) mod order_summary;
    pub(crate) mod price_list;

    #[cfg(test)]
    mod properties;
    #[cfg(test)]
    mod specs;
}

use dekigoto::views::{Across, Single};
use dekigoto_http::{Contract, Edge, Service};
use orders::{order::Order, payment::Payment, price::Price};

pub use caller::Caller;
pub use orders::fulfilment::{Fulfilment, InvalidSetting};
pub use problems::KINDS;
pub use views::{
    customer_summary::CustomerSummaryView, daily_sales::DailySalesView,
    order_summary::OrderSummaryView, price_list::PriceListView,
};

/// The scope of a staff token.
pub const STAFF_SCOPE: &str = "orders:staff";

/// The HTTP contract: `infra/openapi.yaml` as JSON, see `build.rs`.
pub static CONTRACT: Contract = Contract {
    version: env!("CARGO_PKG_VERSION"),
    openapi: include_str!(concat!(env!("OUT_DIR"), "/openapi.json")),
};

/// The order service, with the default settings of its policy.
#[must_use]
pub fn service() -> Service {
    service_with(Fulfilment::default())
}

/// The order service with these settings of its policy, and with routes where the binary serves them.
#[must_use]
pub fn service_with<E: Edge>(fulfilment: Fulfilment) -> Service<E> {
    Service::<E>::new("dekigoto.orders")
        .namespace("jp.dekigoto.orders")
        .aggregate::<Order>(order::routes, orders::order::announce)
        .aggregate::<Payment>(payment::routes, orders::payment::announce)
        .aggregate::<Price>(price::routes, dekigoto::relay::nothing)
        .policy(fulfilment, orders::fulfilment::announce)
        .view::<Single<OrderSummaryView>>()
        .view_at::<Across<CustomerSummaryView>>(views::customer_summary::routes)
        .view_at::<Across<DailySalesView>>(views::daily_sales::routes)
        .view_at::<Single<PriceListView>>(views::price_list::routes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_registry_has_no_faults() {
        assert_eq!(super::service().faults(), Vec::<String>::new());
    }
}
