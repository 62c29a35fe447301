#![doc = include_str!("../README.md")]

mod buses;
mod environment;
mod error;
mod inbox;
#[cfg(feature = "kafka")]
mod kafka;
mod origins;
mod parked;
mod place;
mod rebuilds;
mod recent;
mod serve;
pub mod show;
mod stores;
mod system;
mod topic;
mod wires;

pub use buses::Buses;
pub use error::Error;
pub use inbox::{Inbox, Received};
pub use origins::{NotAnOrigin, Origins};
pub use serve::{port, run, serve};
pub use stores::{Stores, time_zone};
pub use system::System;
