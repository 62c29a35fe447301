#![doc = include_str!("../README.md")]

mod append;
mod commit_row;
mod events;
mod failure;
mod migrations;
mod outbox;
mod parking;
mod passwords;
mod replay;
mod schema_name;
mod session;
mod tls;
mod view_erase;
mod view_list;
mod view_row;
mod view_write;
mod views;

pub use events::PostgresEventStore;
pub use migrations::{MigrateError, NotCurrent, SCHEMA_VERSION};
pub use outbox::PostgresOutbox;
pub use parking::PostgresParking;
pub use passwords::Passwords;
pub use schema_name::{InvalidSchemaName, SchemaName};
pub use session::{Postgres, RDS_PROXY_INIT_QUERY, RdsPlace};
pub use tls::tls_trusting;
pub use view_row::INDEXES;
pub use views::PostgresViewStore;
