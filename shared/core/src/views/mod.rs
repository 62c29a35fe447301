//! Views: rows that fold events for reading. Messages keep them up to date, though messages may be late, duplicated,
//! reordered or lost.
//!
//! A message is only a hint; the store is authoritative. Each step reads the rows and the events that the messages
//! claim, applies the stored events that are new, and writes the rows by compare-and-set, so that a row and its
//! watermark change together.
//!
//! A view names its row, the aggregates that it folds, and how it folds the events of each:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bank/account.rs"));
//! use dekigoto::{Envelope, views::{Fold, Projector, Single, SingleView, View}};
//!
//! /// How often money went in and out.
//! struct Statements;
//!
//! impl View for Statements {
//!     type Row = (u32, u32);
//!     type Folds = (Account,);
//!     const NAME: &'static str = "statements";
//! }
//!
//! impl Fold<Account> for Statements {
//!     fn fold(row: &mut (u32, u32), event: &Event, _: &Envelope) {
//!         match event {
//!             Event::Deposited(_) => row.0 += 1,
//!             Event::Withdrawn(_) => row.1 += 1,
//!         }
//!     }
//! }
//!
//! impl SingleView for Statements {}
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # use std::sync::Arc;
//! # use dekigoto::{Ports, batch::Delivered, memory::{ManualHost, MemoryParking, MemoryStore, MemoryViews}};
//! # let ports = Ports {
//! #     store: Arc::new(MemoryStore::new()),
//! #     views: Arc::new(MemoryViews::new()),
//! #     host: Arc::new(ManualHost::new()),
//! # };
//! # let parking = Arc::new(MemoryParking::default());
//! # let messages: Vec<Delivered<String>> = Vec::new();
//! # let time_left = || std::time::Duration::from_secs(30);
//! let projector = Projector::new::<Single<Statements>>(ports, parking);
//! let report = projector.take(messages, time_left).await;
//! # assert_eq!(report.tally.total(), 0);
//! # }
//! ```

mod across;
mod any;
mod claims;
mod count;
mod counted;
mod error;
mod folds;
mod from_store;
mod marked;
mod merged;
mod parts;
mod projector;
mod records;
mod rows;
mod single;
mod unheard;
mod verify;

use serde::{Serialize, de::DeserializeOwned};

pub use across::{Across, EVENTS_PER_WRITE_MAX};
pub use any::{AnyView, UnknownView};
pub use claims::{EVENTS_PER_READ_MAX, STREAMS_AT_ONCE_MAX};
pub use counted::{Counted, VERSIONS_PER_RECORD};
pub use error::{ProjectError, RowError};
pub use folds::{Fold, Folds, Published};
pub use from_store::FoldError;
pub use marked::Marked;
pub use merged::list_merged;
pub use parts::PARTS_MAX;
pub use projector::Projector;
pub use rows::WRITES_MAX;
pub use single::Single;
pub use verify::{Difference, Extent, ROWS_PER_VERIFY_MAX, Verified, VerifyError};

use crate::{Envelope, Index, RowKey, SchemaError};

/// A read model: its row, and the aggregates whose events it folds.
///
/// A second trait says whether a row belongs to one aggregate or adds up many: [`SingleView`] or [`AcrossView`].
pub trait View: Sized + Send + Sync + 'static {
    /// The row. Folding starts from the default.
    type Row: Serialize + DeserializeOwned + Default + Clone + Send + Sync;

    /// The aggregates that the view folds, as a tuple: `(Order,)` or `(Order, Payment)`. The view must implement
    /// [`Fold`] for each. Events of other aggregates are skipped.
    type Folds: Folds<Self>;

    /// The view's name, such as `order-summary`. Part of the storage format: rows are stored under it.
    const NAME: &'static str;

    /// The version of the row's shape and meaning. Raise it when you add a field or change the meaning of a fold.
    ///
    /// Rows of different schemas are never mixed. A row of a [`SingleView`] with an older schema is folded again from
    /// the store when an event changes it. An [`AcrossView`] keeps the older counts beside the new ones. Old code that
    /// is still running does not change rows of a newer schema.
    const SCHEMA: u32 = 1;

    /// The events that change a row, if not all events of its aggregates do. The view's queue subscribes only to these,
    /// and the view skips all others that its code knows. Leave it out in a [`SingleView`], which must see every
    /// version.
    const EVENTS: Option<&'static [&'static str]> = None;

    /// The row that an event belongs to. `None` when it changes no row, or belongs to an aggregate that the view does
    /// not fold.
    ///
    /// # Errors
    /// [`SchemaError`] when this code does not understand the event.
    fn row_of(envelope: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let is_wanted = |events: &[&str]| events.contains(&envelope.event_type.as_str());
        if Self::EVENTS.is_none_or(is_wanted) { Self::Folds::row_key(envelope) } else { Ok(None) }
    }

    /// Folds an event into its row. An event of an aggregate that the view does not fold changes nothing.
    ///
    /// # Errors
    /// [`SchemaError`] when this code does not understand the event. The row is unchanged then.
    fn apply(row: &mut Self::Row, envelope: &Envelope) -> Result<(), SchemaError> {
        Self::Folds::fold(row, envelope)
    }
}

/// A view with one row for each aggregate. The row folds every stream that has the aggregate's id.
///
/// The fold gets the events of each stream in the order of their versions, without a gap. If several streams have the
/// aggregate's id, their events are interleaved in any order, so folding one stream must not depend on another.
/// [`given_view`](crate::spec::given_view) specifies such a view.
///
/// All events of an aggregate must name the same row, and two aggregates must not share one. An event that names
/// another row than the events before it is parked.
pub trait SingleView: View {
    /// The places of the row with this key in the secondary indexes, which lists query. None by default.
    ///
    /// A place that changes costs two more writes, so use what stays: a list filters by the rest. A partition that would
    /// get every write of a time is better spread over several, which [`list_merged`] lists as one.
    fn indexes(_: &RowKey, _: &Self::Row) -> Vec<(Index, RowKey)> {
        Vec::new()
    }
}

/// A view whose rows add up events of many aggregates. Its folds commute, so the order of events does not matter, and
/// each event is counted once. [`given_view_across`](crate::spec::given_view_across) specifies such a view.
///
/// A row is stored in parts, one for each writing process, so that concurrent projectors of one row do not conflict.
/// [`Across::read`] and [`Across::list`] add the parts up.
pub trait AcrossView: View {
    /// Adds another part of the same row. The result equals one row with the events of both.
    fn add(row: &mut Self::Row, part: Self::Row);
}
