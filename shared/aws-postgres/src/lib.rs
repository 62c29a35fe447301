#![doc = include_str!("../README.md")]

mod api;
mod connect;
mod consumer;
mod deadlines;
mod relay;
mod token;

pub use api::api;
pub use consumer::consumer;
pub use dekigoto_lambda::Config;
pub use relay::relay;
pub use token::{RdsTokens, TOKEN_TIME, rds_token};
