#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
mod aws;
mod cli;
pub mod cloud;
mod commands;
mod console;
mod desk;
mod dlq;
mod execute;
mod failure;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fake_bank;
#[cfg(test)]
mod fake_failures;
#[cfg(test)]
mod fake_screen;
#[cfg(test)]
mod fake_stack;
mod journal;
mod layout;
mod out;
#[cfg(feature = "aws")]
mod process;
#[cfg(feature = "aws")]
mod run;
#[cfg(test)]
mod tests;
mod text;

pub use console::{Console, Parts};
pub use failure::{Failure, Kind};
#[cfg(feature = "aws")]
pub use run::run;
