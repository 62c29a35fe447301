#![doc = include_str!("../README.md")]

pub mod batch;
mod bus;
mod cause;
mod command;
mod command_error;
mod commit;
#[cfg(feature = "schema")]
pub mod contract;
mod decider;
mod engine;
mod envelope;
mod explain;
mod failure;
pub mod generations;
mod handler;
mod history;
mod host;
mod inbound;
mod key_tag;
mod last_delivery;
pub mod limits;
pub mod log;
pub mod measure;
pub mod memory;
pub mod outbox;
mod parked;
mod payload;
pub mod policies;
mod ports;
mod read_events;
pub mod relay;
pub mod replay;
mod schema;
mod service;
mod snapshot;
pub mod spec;
mod store;
mod stored;
mod stored_size;
mod stream;
pub mod sweep;
#[cfg(feature = "system-host")]
mod system_host;
#[cfg(feature = "system-host")]
mod system_zone;
mod time;
pub mod trace;
mod trail;
mod view_store;
pub mod views;
mod zone;

pub use bus::{Attribute, Bus, CloudEvent, Message, Parking, Pointer, Refused, RetryQueue, Target};
pub use cause::Cause;
pub use command::{CommandKey, Context, Fingerprint, InvalidCommandKey};
pub use command_error::CommandError;
pub use commit::{Commit, CommitError, RecordedEvent};
pub use decider::{Aggregate, Decider};
pub use engine::{Answer, Engine, Expect, LIMITS, Limits};
pub use envelope::{Envelope, Metadata, SESSION, WITHHELD};
pub use explain::{Explain, Text};
pub use failure::{FailureKind, StoreFailure};
pub use handler::{MessageHandler, TimeLeft};
pub use history::{History, LoadError, Past};
pub use host::{Host, backoff};
pub use inbound::NotAnEvent;
pub use key_tag::KeyTag;
pub use last_delivery::{DELIVERIES_MAX, QueueBatch, TRIES_MAX};
pub use parked::{Named, Parked, ParkedRecords};
pub use payload::Payload;
pub use ports::Ports;
pub use read_events::{COMMITS_PER_READ, read_events};
#[doc(hidden)]
pub use schema::__private;
pub use schema::{EventSchema, NewEvent, SchemaError};
pub use service::{
    Handlers, KeepsAnnouncements, KeepsPolicies, KeepsViews, KeptAnnouncements, KeptHandlers,
    KeptPolicies, KeptViews, Reader, Registered, Role, Service,
};
pub use snapshot::Snapshot;
pub use store::{AppendError, EventStore, ReadError, ReadFrom, Source};
pub use stored::{Corrupt, StoredCommit};
pub use stored_size::WRITE_UNIT_BYTES;
pub use stream::{Head, InvalidStreamId, Ordinal, StreamId, Version};
#[cfg(feature = "system-host")]
pub use system_host::SystemHost;
#[cfg(feature = "system-host")]
pub use system_zone::UnknownZone;
pub use time::{InvalidTimestamp, Timestamp};
pub use trail::Trail;
pub use view_store::{Index, Position, Row, RowKey, RowPage, RowQuery, ViewError, ViewStore};
pub use zone::{InvalidZone, InvalidZoneName, ZONE_NAME_BYTES_MAX, Zone, ZoneName};
