#![doc = include_str!("../README.md")]

mod event_item;
mod events;
mod failure;
mod replay;
mod view_erase;
mod view_item;
mod view_list;
mod view_read;
mod view_table;
mod view_write;
mod views;

pub use aws_sdk_dynamodb::Client;
pub use events::DynamoEventStore;
pub use views::DynamoViewStore;

/// The attributes of an item, by name.
type Item = std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>;
