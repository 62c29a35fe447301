#![doc = include_str!("../README.md")]

mod serve;
pub mod show;
mod system;

pub use serve::{Error, port, run, serve};
pub use system::{Inbox, Received, System};
