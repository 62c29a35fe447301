//! Fuzz targets: properties that hold for any bytes.
//!
//! Each target is a plain function of bytes that panics when a property is broken. It runs in two ways: as a test over
//! the saved corpus (`cargo test -p fuzz`, a part of `make test`), and under libFuzzer (`make fuzz TARGET=request`), which
//! looks for bytes that reach new code.

mod cursor;
mod edge;
mod request;
mod stored_event;

pub use cursor::cursor;
pub use request::request;
pub use stored_event::stored_event;

/// A function of bytes that panics when a property is broken.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 3] =
    [("cursor", cursor), ("request", request), ("stored_event", stored_event)];
