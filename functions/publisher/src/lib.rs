//! The publisher function: turns one Lambda event into calls on the service.

mod handler;

pub use handler::handle;
