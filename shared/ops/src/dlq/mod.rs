//! Dead letters of all kinds, and the way back of each.

mod discard;
mod letters;
mod list;
mod redrive;
mod route;

pub(crate) use discard::discard;
pub(crate) use letters::Filter;
pub(crate) use list::{list, show};
pub(crate) use redrive::{publish_again, redrive};
