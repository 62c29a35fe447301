//! Contract suites for the ports of the kit, and doubles of the outside world. Only ever a dev-dependency.
//!
//! A store is right when it passes [`store_contract`], a view store when it passes [`view_contract`]: the suites are
//! the specification of the ports, so an adapter has no tests of behaviour of its own.
//!
//! ```no_run
//! # use dekigoto_testkit::{StoreSubject, store_contract};
//! # async fn fresh_table() -> Box<dyn StoreSubject> { unimplemented!() }
//! # async fn test() {
//! store_contract(fresh_table).await;
//! # }
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here is test code, which fails by panicking"
)]

#[cfg(feature = "aws")]
pub mod aws;
mod cases;
mod doubles;
mod json_schema;
mod recorded;
mod scripted;
pub mod sim;
mod store_contract;
mod tally;
mod view_contract;
mod world;

pub use doubles::{CountedStore, Fault, UnreliableStore};
pub use json_schema::ClosedSchema;
pub use recorded::RecordedCalls;
pub use scripted::{BeatenStore, BusAnswer, Down, ScriptedBus, UnreliableViews, ViewFault};
pub use store_contract::{RawItem, StoreSubject, memory_store, store_contract};
pub use tally::{Add, Added, Event, Sum, Tally, commit, context, fingerprint, stream};
pub use view_contract::{memory_views, view_contract};
pub use world::{World, still_host};
