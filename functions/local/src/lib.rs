//! The whole system in one process: the same router, publishing and projecting as in Lambda, joined by channels where
//! AWS has a stream, a topic and queues.

pub mod show;
mod system;

pub use system::{Inbox, System};

/// The port when `PORT` does not say.
const PORT_DEFAULT: u16 = 3000;

/// The port to listen on: `PORT`, or 3000. 0 takes any that is free.
///
/// # Errors
/// A sentence, when `PORT` is no port.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub fn port() -> Result<u16, String> {
    match std::env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| format!("PORT is a number up to 65535, not {text:?}")),
        Err(_) => Ok(PORT_DEFAULT),
    }
}
