//! The views: one file each, with key, row, fold and the query that reads it.

pub(crate) mod customer_summary;
pub(crate) mod daily_sales;
pub(crate) mod order_list;
pub(crate) mod order_summary;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod specs;

pub use customer_summary::CustomerSummaryView;
pub use daily_sales::DailySalesView;
pub use order_summary::OrderSummaryView;
