//! The views: one file each, with key, row, fold and the query that reads it.
pub mod __snake___summary;
pub use __snake___summary::__Name__Summary;
