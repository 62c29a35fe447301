#![doc = include_str!("../README.md")]

mod inbox;
mod origins;
mod serve;
pub mod show;
mod stores;
mod system;
mod topic;

pub use inbox::{Inbox, Received};
pub use origins::{NotAnOrigin, Origins};
pub use serve::{Error, port, run, serve};
pub use stores::Stores;
pub use system::System;
