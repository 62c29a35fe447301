//! Keeping views up to date from messages that may be late, doubled, reordered or lost.
//!
//! A message is a hint; the store is the truth. Each step reads the rows, applies what is new, and writes them back by
//! compare-and-set, so that a row and its watermark move together or not at all.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Envelope, EventStore, Host, INDEXES, Payload, Row, RowKey, SchemaError, StreamId, ViewError,
    ViewStore, backoff, batch::Outcome,
};

mod counted;
mod cross;
mod gap;
mod single;

pub use counted::Counted;
pub use cross::project_across;
pub use gap::{GAP_COMMITS_PER_READ, read_events};
pub use single::project_single;

/// Times that a step is tried again because another writer changed the same row.
pub const WRITES_MAX: u32 = 10;

const RETRY_DELAY_FIRST: Duration = Duration::from_millis(20);
const RETRY_DELAY_MAX: Duration = Duration::from_millis(500);

/// What a projection stands on.
#[derive(Clone)]
pub struct Projector {
    /// The truth.
    pub store: Arc<dyn EventStore>,
    /// Where the rows are.
    pub views: Arc<dyn ViewStore>,
    /// The outside world.
    pub host: Arc<dyn Host>,
}

/// A view with one row for each aggregate, which folds all streams that have the aggregate's id.
///
/// Each stream's events come in the order of their versions, without a gap. Where several streams have the
/// aggregate's id, they come mixed in any way, so what `apply` does with one must not depend on the other.
/// [`given_view`](crate::spec::given_view) specifies it.
pub trait SingleView: Send + Sync {
    /// The row.
    type Row: Serialize + DeserializeOwned + Default + Clone + Send + Sync;

    /// The view's name, such as `order-summary`.
    const NAME: &'static str;

    /// Folds one event into the row. Events that change nothing are folded too: the watermark passes them.
    ///
    /// # Errors
    /// When the event cannot be understood.
    fn apply(row: &mut Self::Row, event: &Envelope) -> Result<(), SchemaError>;

    /// Where the row stands in the secondary indexes.
    fn indexes(row: &Self::Row) -> [Option<RowKey>; INDEXES];

    /// The row that the event belongs to; none when it belongs to none.
    ///
    /// Usually the aggregate's [only row](RowKey::only). It may hold more than the id, such as whose the aggregate is,
    /// where every event of the aggregate says so: all of them must name the same row, and two aggregates never share
    /// one. An event that names another row than the events before it is parked.
    ///
    /// # Errors
    /// When the event cannot be understood.
    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        Ok(Some(RowKey::only(Self::NAME, &event.aggregate_id)))
    }
}

/// A view whose rows count events of many aggregates. Its changes commute, and each is counted once.
/// [`given_view_across`](crate::spec::given_view_across) specifies it.
pub trait CrossView: Send + Sync {
    /// The row.
    type Row: Serialize + DeserializeOwned + Default + Clone + Send + Sync;

    /// The view's name, such as `daily-sales`.
    const NAME: &'static str;

    /// The row that the event changes; none when it changes none.
    ///
    /// # Errors
    /// When the event cannot be understood.
    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError>;

    /// Counts the event. Must commute with all others of the row.
    ///
    /// # Errors
    /// When the event cannot be understood.
    fn apply(row: &mut Self::Row, event: &Envelope) -> Result<(), SchemaError>;
}

/// A row of a [`SingleView`] as it is stored: with one watermark for each stream that it folds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marked<R> {
    /// The last version folded, by aggregate type.
    pub watermarks: BTreeMap<String, u64>,
    /// The row.
    pub row: R,
}

impl Projector {
    async fn pause(&self, attempt: u32) {
        let random = self.host.random();
        self.host.sleep(backoff(attempt, RETRY_DELAY_FIRST, RETRY_DELAY_MAX, random)).await;
    }
}

/// What one try at a group came to.
enum Try {
    /// One outcome for each event.
    Done(Vec<Outcome>),
    /// Another writer was there first.
    Again,
}

/// Tries until no other writer interferes. An error fails all events of the group.
async fn until_undisturbed<F>(
    projector: &Projector,
    events: usize,
    attempt: impl Fn() -> F,
) -> Vec<Outcome>
where
    F: Future<Output = Result<Try, String>>,
{
    for number in 0..WRITES_MAX {
        match attempt().await {
            Ok(Try::Done(outcomes)) => return outcomes,
            Ok(Try::Again) => projector.pause(number).await,
            Err(reason) => return vec![Outcome::Retry(reason); events],
        }
    }
    vec![Outcome::Retry(format!("other writers changed the row {WRITES_MAX} times")); events]
}

/// The body of a row, or its default where there is none yet, with the revision that a write of it will have.
fn opened<T: DeserializeOwned + Default>(row: Option<Row>) -> Result<(T, u64), String> {
    match row {
        None => Ok((T::default(), 1)),
        Some(row) => {
            let body = row.body.read().map_err(|cause| {
                format!(
                    "row {} {} is unreadable at column {}",
                    row.key.partition,
                    row.key.sort,
                    cause.column()
                )
            })?;
            Ok((body, row.revision + 1))
        }
    }
}

fn written<T: Serialize>(body: &T) -> Result<Payload, String> {
    Payload::of(body).map_err(|_| "the row has no JSON form".to_owned())
}

/// Writes rows; none when another writer was there first.
async fn write(projector: &Projector, rows: &[Row]) -> Result<Option<()>, String> {
    match projector.views.write(rows).await {
        Ok(()) => Ok(Some(())),
        Err(ViewError::Conflict) => Ok(None),
        Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => Err(error.to_string()),
    }
}

fn stream_of(event: &Envelope) -> Result<StreamId, String> {
    event.stream().map_err(|cause| cause.to_string())
}
