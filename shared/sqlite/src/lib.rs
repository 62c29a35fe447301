#![doc = include_str!("../README.md")]

mod commit_row;
mod connection;
mod database;
mod events;
mod failure;
mod last_entry;
mod lock;
mod outbox;
mod parking;
mod replay;
mod schema;
mod view_erase;
mod view_list;
mod view_row;
mod views;

pub use database::Database;
pub use events::SqliteEventStore;
pub use failure::OpenError;
pub use outbox::SqliteOutbox;
pub use parking::SqliteParking;
pub use schema::INDEXES;
pub use views::SqliteViewStore;
