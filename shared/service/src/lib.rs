//! The order service, built on the kit: its use cases, its views, and the registry that names them.
//!
//! The same code runs in Lambda, in one process, and in tests. It uses no AWS type and no environment variable.

pub mod limits;
mod order;
mod payment;
mod problems;
mod service;
mod views;

pub use problems::KINDS;
pub use service::{CONTRACT, STAFF_SCOPE, service};
pub use views::{CustomerSummaryView, DailySalesView, OrderSummaryView};

/// A caller of this service. Orders belong to customers.
pub type Caller = dekigoto_http::Caller<orders::CustomerId>;

type Call = dekigoto_http::Call<orders::CustomerId>;
