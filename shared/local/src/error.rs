//! An error of this process.

/// An error that ends the process, with a message.
pub type Error = Box<dyn std::error::Error>;
