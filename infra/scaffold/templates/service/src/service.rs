//! The registry: everything that the service is made of, named once.

use dekigoto::{relay, views::Single};
use dekigoto_http::{Contract, Service};

/// What the service says about itself. Without a document of its own it lists its routes.
pub static CONTRACT: Contract = Contract { version: env!("CARGO_PKG_VERSION"), openapi: "" };

pub fn service() -> Service {
    Service::new("__name__")
        .aggregate::<crate::__snake__::__Name__>(crate::__snake__::routes::routes, relay::nothing)
        .view_at::<Single<crate::views::__Name__Summary>>(crate::views::__snake___summary::routes)
}
