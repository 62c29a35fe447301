//! Folds the row of a view of one aggregate from the store, when there is no row yet or the stored one cannot be used.

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use tracing::warn;

use super::{Folds as _, Marked, Single, SingleView, marked::Stored};
use crate::{
    Envelope, EventStore, InvalidStreamId, ReadError, Row, SchemaError, StreamId, Version,
    limits::{EVENTS_PER_FOLD_MAX, FOLDS_AT_ONCE_MAX},
    read_events::read_to,
};

/// Why a row cannot be folded from the store.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The store did not return the events.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// This code does not understand an event.
    #[error("version {version}: {cause}")]
    Schema {
        /// The event's version.
        version: Version,
        /// Why the event cannot be decoded.
        cause: SchemaError,
    },
    /// The id cannot name a stream.
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    /// The stream is longer than one fold reads.
    #[error(
        "the stream has {0} events, and one fold reads {EVENTS_PER_FOLD_MAX}; rebuild the view"
    )]
    TooLong(Version),
}

impl<V: SingleView> Single<V> {
    /// The row, if this code may show it. `None` if it has another [`SCHEMA`](super::View::SCHEMA) or cannot be read;
    /// use [`from_store`](Self::from_store) then.
    #[must_use]
    pub fn shown(row: &Row) -> Option<Marked<V::Row>> {
        match Stored::of(row, V::SCHEMA) {
            Stored::Current(marked) => Some(marked),
            Stored::Outdated(_) | Stored::Newer(_) => None,
        }
    }

    /// The current row of the aggregate with this id, folded from the store: one read for each stream of at most 100
    /// commits, side by side. `None` when all its streams are empty.
    ///
    /// # Errors
    /// [`FoldError`].
    pub async fn from_store(
        store: &dyn EventStore,
        id: &str,
    ) -> Result<Option<Marked<V::Row>>, FoldError> {
        let mut marked = Marked::empty(V::SCHEMA);
        for event in events_of_all::<V>(store, id).await? {
            folded::<V>(&mut marked, &event)?;
        }
        Ok((!marked.watermarks.is_empty()).then_some(marked))
    }

    /// The rows of a list, one result for each: the stored row, or one folded from the store if this code may not show
    /// the stored row. `id_of` names a row's aggregate. A row that the store cannot give either is logged and `None`,
    /// so that the rest of the list is still shown.
    ///
    /// # Errors
    /// [`ReadError`] when the store does not answer.
    pub async fn listed(
        store: &dyn EventStore,
        rows: &[Row],
        id_of: impl Fn(&Row) -> Option<String>,
    ) -> Result<Vec<Option<Marked<V::Row>>>, ReadError> {
        // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
        let shown: Vec<_> =
            rows.iter().map(|row| Self::one_of_list(store, row, id_of(row))).collect();
        stream::iter(shown).buffered(FOLDS_AT_ONCE_MAX).try_collect().await
    }

    async fn one_of_list(
        store: &dyn EventStore,
        row: &Row,
        id: Option<String>,
    ) -> Result<Option<Marked<V::Row>>, ReadError> {
        if let Some(marked) = Self::shown(row) {
            return Ok(Some(marked));
        }
        let Some(id) = id else { return Ok(None) };
        match Self::from_store(store, &id).await {
            Ok(marked) => Ok(marked),
            Err(FoldError::Read(error @ (ReadError::Unavailable(_) | ReadError::Broken(_)))) => {
                Err(error)
            }
            Err(error) => {
                warn!(row = row.key.masked(), "A row was left out of a list: {error}");
                Ok(None)
            }
        }
    }

    /// The row folded from one stream up to a version, without the view's other streams. `None` when the stream is
    /// shorter.
    ///
    /// # Errors
    /// [`FoldError`].
    pub async fn at_version(
        store: &dyn EventStore,
        stream: &StreamId,
        at: Version,
    ) -> Result<Option<Marked<V::Row>>, FoldError> {
        let mut marked = Marked::empty(V::SCHEMA);
        for event in events_of(store, stream, Some(at)).await? {
            folded::<V>(&mut marked, &event)?;
        }
        Ok((marked.watermark(stream.aggregate_type()) == at.get()).then_some(marked))
    }
}

/// All events of all streams that the row of this id folds. The streams are read side by side.
pub(super) async fn events_of_all<V: SingleView>(
    store: &dyn EventStore,
    id: &str,
) -> Result<Vec<Envelope>, FoldError> {
    let streams = V::Folds::TYPES.iter().map(|aggregate_type| StreamId::new(*aggregate_type, id));
    let streams = streams.collect::<Result<Vec<_>, _>>()?;
    let reads: Vec<_> = streams.iter().map(|stream| events_of(store, stream, None)).collect();
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

/// All events of a stream, or those up to `at`.
pub(super) async fn events_of(
    store: &dyn EventStore,
    stream: &StreamId,
    at: Option<Version>,
) -> Result<Vec<Envelope>, FoldError> {
    read_to(store, stream, at, EVENTS_PER_FOLD_MAX).await?.map_err(FoldError::TooLong)
}

/// Folds the next event of its stream.
pub(super) fn folded<V: SingleView>(
    marked: &mut Marked<V::Row>,
    event: &Envelope,
) -> Result<(), FoldError> {
    let failed = |cause| FoldError::Schema { version: event.version, cause };
    V::apply(&mut marked.row, event).map_err(failed)?;
    marked.watermarks.insert(event.aggregate_type.clone(), event.version.get());
    Ok(())
}
