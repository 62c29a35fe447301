#![doc = include_str!("../README.md")]

mod aws;
mod cli;
mod commands;
mod desk;
mod dlq;
mod failure;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fake_bank;
mod journal;
mod layout;
mod out;
mod ports;
mod run;
#[cfg(test)]
mod tests;
mod text;

pub use run::run;
