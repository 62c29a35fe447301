//! Tests of the HTTP contract, through the router and without a socket.

mod access;
mod bad_bodies;
mod bad_paths;
mod broken;
mod commands;
mod conditions;
pub(crate) mod contract;
mod cursors;
mod days;
mod faults;
mod field_faults;
mod idempotency;
pub(crate) mod japanese;
mod limits;
mod lists;
mod media;
mod ownership;
mod payments;
mod prices;
mod queries;
mod rows;
