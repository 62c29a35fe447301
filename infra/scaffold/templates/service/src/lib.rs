//! The __name__ service: its aggregates, its views, and the registry that names them.

pub mod __snake__;
pub mod service;
pub mod views;

pub use service::{CONTRACT, service};
