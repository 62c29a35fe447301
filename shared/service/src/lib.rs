//! The use cases of the order service on the kit's ports: HTTP, publishing, projecting.
//!
//! The same code runs in Lambda, in one process, and in tests. It knows no AWS type and no environment variable.

mod host;
pub mod http;
mod integration;
mod projecting;
mod publishing;
#[cfg(test)]
mod view_specs;
mod views;

pub use host::SystemHost;
pub use projecting::{Projecting, UnknownView, View};
pub use publishing::{Publishing, StreamRecord};
pub use views::{CustomerSummaryView, DailySalesView, OrderSummaryView};
