//! Read models as pure folds of events. They do not know how rows are stored, or which versions they have seen: what
//! delivers the events sees to it that each is applied once.

mod customer_summary;
mod daily_sales;
mod order_summary;

#[cfg(test)]
mod properties;

pub use customer_summary::CustomerSummary;
pub use daily_sales::{DailySales, DailySalesKey};
pub use order_summary::{OrderSummary, OrderView, PlacedSummary};
