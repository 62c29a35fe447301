//! The registry: everything that the service is made of, named once.

use dekigoto::{relay, views::Single};
use dekigoto_http::{Contract, Service};

/// What the service says about itself.
pub static CONTRACT: Contract = Contract {
    version: env!("CARGO_PKG_VERSION"),
    openapi: include_str!("../openapi.json"),
};

/// The service.
#[must_use]
pub fn service() -> Service {
    Service::new("__name__")
        .aggregate::<crate::__snake__::__Name__>(crate::__snake__::routes::routes, relay::nothing)
        .view_at::<Single<crate::views::__Name__Summary>>(crate::views::routes)
}
