#![doc = include_str!("../README.md")]

pub mod batch;
mod bus;
mod command;
mod commit;
mod decider;
mod engine;
mod envelope;
mod history;
mod host;
mod inbound;
pub mod limits;
pub mod memory;
mod payload;
pub mod project;
pub mod publish;
pub mod replay;
mod schema;
mod snapshot;
pub mod spec;
mod store;
mod stored;
mod stream;
mod time;
mod view;

pub use bus::{Bus, CloudEvent, Message, Parking, Pointer, Refused, RetryQueue};
pub use command::{CommandKey, Context, Fingerprint, InvalidCommandKey};
pub use commit::{Commit, CommitError, RecordedEvent};
pub use decider::{Aggregate, Decider};
pub use engine::{
    Answer, COMMAND_TIME_MAX, CommandError, DECISIONS_MAX, Engine, Expect, SENDS_MAX,
};
pub use envelope::{Envelope, Metadata};
pub use history::{History, LoadError, Past};
pub use host::{Host, backoff};
pub use inbound::NotAnEvent;
pub use payload::Payload;
#[doc(hidden)]
pub use schema::__private;
pub use schema::{EventSchema, NewEvent, SchemaError};
pub use snapshot::{RememberedKey, Snapshot};
pub use store::{AppendError, EventStore, ReadError, ReadFrom, Source};
pub use stored::{Corrupt, StoredCommit};
pub use stream::{Head, InvalidStreamId, Ordinal, StreamId, Version};
pub use time::{InvalidTimestamp, Timestamp};
pub use view::{INDEXES, Index, Position, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore};
