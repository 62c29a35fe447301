#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here is test code, which fails by panicking"
)]

#[cfg(feature = "aws")]
pub mod aws;
mod bus_contract;
mod cases;
mod doubles;
mod generation_contract;
mod grouped;
mod json_schema;
mod outbox_contract;
mod recorded;
mod relay_contract;
mod scripted;
pub mod sim;
mod store_contract;
mod tally;
mod view_contract;
mod virtual_time;
mod world;
mod wrapped;

pub use bus_contract::{Arrived, BusPromises, BusSubject, bus_contract, memory_bus};
pub use doubles::{CountedStore, Fault, UnreliableStore};
pub use generation_contract::{ErasableViews, generation_contract, memory_erasable_views};
pub use grouped::grouped;
pub use json_schema::ClosedSchema;
pub use outbox_contract::{OutboxSubject, memory_outbox, outbox_contract};
pub use recorded::RecordedCalls;
pub use relay_contract::{RelaySubject, relay_contract};
pub use scripted::{BeatenStore, BusAnswer, Down, ScriptedBus, UnreliableViews, ViewFault};
pub use store_contract::{RawItem, StoreSubject, memory_store, store_contract};
pub use tally::{Add, Added, Event, Sum, Tally, commit, context, fingerprint, stream};
pub use view_contract::{RowDamage, ViewSubject, memory_views, view_contract};
pub use virtual_time::{SlowStore, SlowViews, VirtualHost};
pub use world::{World, still_host};
pub use wrapped::{Wrapped, WrapsOutbox, WrapsView};
