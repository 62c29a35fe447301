//! The __name__ service: the registry of all its parts.

/// One file for each view, with row, fold and route.
pub mod views {
    pub mod __snake___summary;
}

pub mod __snake__;

use dekigoto::{relay, views::Single};
use dekigoto_http::{Contract, Edge, Service};

/// The contract of the HTTP API. Without an OpenAPI document, the service lists its routes.
pub static CONTRACT: Contract = Contract { version: env!("CARGO_PKG_VERSION"), openapi: "" };

pub fn service<E: Edge>() -> Service<E> {
    Service::<E>::new("__name__")
        .aggregate::<__snake__::__Name__>(__snake__::routes::routes, relay::nothing)
        .view_at::<Single<views::__snake___summary::__Name__Summary>>(views::__snake___summary::routes)
}
