//! Views of one aggregate: a row has a watermark for each stream that it folds.

use std::{collections::BTreeMap, marker::PhantomData};

use async_trait::async_trait;

use super::{
    AnyView, FoldError, Folds as _, Marked, ProjectError, SingleView,
    from_store::{events_of, folded},
    marked::Stored,
    rows::{Try, body, retried, until_undisturbed, write},
};
use crate::{
    Envelope, Ports, ReadError, Row, RowKey, SchemaError, StreamId, Version, batch::Outcome,
    read_events,
};

/// Events that one step reads from the store to close a gap. Later deliveries close a longer gap.
const GAP_EVENTS_MAX: usize = 1000;

/// A [`SingleView`] as [`AnyView`].
pub struct Single<V>(PhantomData<fn() -> V>);

impl<V> Default for Single<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<V: SingleView> AnyView for Single<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn folds(&self) -> &'static [&'static str] {
        V::Folds::TYPES
    }

    fn events(&self) -> Option<&'static [&'static str]> {
        V::EVENTS
    }

    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        V::row_of(event)
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        let outcomes = until_undisturbed(ports, || attempt::<V>(ports, key, events)).await;
        outcomes.unwrap_or_else(|error| retried(&error, events.len()))
    }
}

/// A row between reading and writing.
struct Opened<R> {
    marked: Marked<R>,
    /// The stored watermarks.
    before: BTreeMap<String, u64>,
    /// The revision for the next write.
    revision: u64,
    /// Whether the row was folded again from the store, and so must be written even if its watermarks did not change.
    is_folded_again: bool,
}

impl<R> Opened<R> {
    /// The outcome of an event that the row already holds. If the row was folded again, an event beyond the stored
    /// watermark counts as applied, once.
    fn already_folded(&mut self, event: &Envelope) -> Outcome {
        let before = self.before.entry(event.aggregate_type.clone()).or_default();
        if !self.is_folded_again || event.version.get() <= *before {
            return Outcome::Duplicate;
        }
        *before = event.version.get();
        Outcome::Applied
    }
}

async fn attempt<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, ProjectError> {
    let there = ports.views.read(std::slice::from_ref(key)).await?.pop().flatten();
    let mut opened = match open::<V>(ports, key, there, events).await {
        Ok(opened) => opened,
        Err(outcome) => return Ok(Try::Done(vec![outcome; events.len()])),
    };
    // Events are folded in the order of versions; outcomes are returned in the order of delivery.
    let mut in_order: Vec<(usize, &Envelope)> = events.iter().enumerate().collect();
    in_order.sort_by_key(|(_, event)| (&event.aggregate_type, event.version));
    let mut outcomes = vec![Outcome::Duplicate; events.len()];
    for (place, event) in in_order {
        let outcome = fold::<V>(ports, key, &mut opened, event).await;
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    }
    let Opened { marked, before, revision, is_folded_again } = opened;
    // Compare watermarks, not outcomes: closing part of a gap is progress, even if the event itself is retried or
    // parked.
    if marked.watermarks == before && !is_folded_again {
        return Ok(Try::Done(outcomes));
    }
    let indexes = V::indexes(&marked.row).into_iter().collect();
    let row = Row { key: key.clone(), revision, body: body(&marked)?, indexes };
    Ok(if write(ports, &[row]).await? { Try::Done(outcomes) } else { Try::Again })
}

/// The row to fold into. A row that has an older schema or cannot be read is folded again from the store. A row of
/// newer code is not changed, and its messages are retried.
async fn open<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    there: Option<Row>,
    events: &[Envelope],
) -> Result<Opened<V::Row>, Outcome> {
    let revision = there.as_ref().map_or(1, |row| row.revision + 1);
    let opened =
        |marked, before, is_folded_again| Opened { marked, before, revision, is_folded_again };
    match there.map(|row| Stored::of(&row, V::SCHEMA)) {
        None => Ok(opened(Marked::empty(V::SCHEMA), BTreeMap::new(), false)),
        Some(Stored::Current(marked)) => {
            let before = marked.watermarks.clone();
            Ok(opened(marked, before, false))
        }
        Some(Stored::Outdated(before)) => {
            let marked = folded_again::<V>(ports, key, events).await?;
            Ok(opened(marked, before, true))
        }
        Some(Stored::Newer(schema)) => Err(Outcome::Retry(format!(
            "newer code wrote the row, under schema {schema}; this code knows schema {}, so the message waits for the \
             deployment to end",
            V::SCHEMA
        ))),
    }
}

/// The row folded from the store.
async fn folded_again<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Marked<V::Row>, Outcome> {
    let mut marked = Marked::empty(V::SCHEMA);
    let Some(id) = events.first().map(|event| event.aggregate_id.as_str()) else {
        return Ok(marked);
    };
    for aggregate_type in V::Folds::TYPES {
        let stream = StreamId::new(*aggregate_type, id);
        let stream = stream.map_err(|cause| Outcome::Parked(cause.to_string()))?;
        let events = events_of(&*ports.store, &stream, None).await.map_err(|it| failed(&it))?;
        for event in &events {
            apply::<V>(key, &mut marked, event)?;
        }
    }
    Ok(marked)
}

/// Folds one event, after all earlier events that the row has not seen.
async fn fold<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    opened: &mut Opened<V::Row>,
    event: &Envelope,
) -> Outcome {
    let marked = &mut opened.marked;
    let mark = marked.watermark(&event.aggregate_type);
    if event.version.get() <= mark {
        return opened.already_folded(event);
    }
    if event.version.get() == mark + 1 {
        return apply::<V>(key, marked, event).err().unwrap_or(Outcome::Applied);
    }
    let missing = match missing(ports, event, Version::FIRST.plus(mark)).await {
        Ok(missing) => missing,
        Err(outcome) => return outcome,
    };
    for earlier in &missing {
        if let Err(outcome) = apply::<V>(key, marked, earlier) {
            return outcome;
        }
    }
    if marked.watermark(&event.aggregate_type) >= event.version.get() {
        Outcome::Applied
    } else if missing.len() == GAP_EVENTS_MAX {
        Outcome::Retry(format!("more than {GAP_EVENTS_MAX} events are missing"))
    } else {
        Outcome::Retry(format!("version {} is not in the store yet", event.version))
    }
}

/// The stored events from `first` up to the delivered one.
async fn missing(
    ports: &Ports,
    event: &Envelope,
    first: Version,
) -> Result<Vec<Envelope>, Outcome> {
    let stream: StreamId = event.stream().map_err(|cause| Outcome::Parked(cause.to_string()))?;
    let read = read_events(&*ports.store, &stream, first, GAP_EVENTS_MAX).await;
    let events = read.map_err(|error| failed(&error.into()))?;
    Ok(events.into_iter().filter(|it| it.version <= event.version).collect())
}

/// Applies the next event. An event that this code does not understand does not change the row. Every later event of
/// the stream then finds the gap and fails in the same way, so nothing is applied out of order.
fn apply<V: SingleView>(
    key: &RowKey,
    marked: &mut Marked<V::Row>,
    event: &Envelope,
) -> Result<(), Outcome> {
    let version = event.version;
    match V::row_of(event) {
        // A key may name an owner. A message that names the wrong owner must not copy the stored history into that
        // owner's row.
        Ok(Some(other)) if other != *key => {
            return Err(Outcome::Parked(format!("version {version} belongs to another row")));
        }
        Ok(_) => {}
        Err(cause) => return Err(failed(&FoldError::Schema { version, cause })),
    }
    folded::<V>(marked, event).map_err(|error| failed(&error))
}

/// The outcome of a failed fold: a retry if it can succeed later, otherwise parked.
fn failed(error: &FoldError) -> Outcome {
    let reason = error.to_string();
    match error {
        FoldError::Read(ReadError::Unavailable(_) | ReadError::Broken(_))
        | FoldError::TooLong(_) => Outcome::Retry(reason),
        FoldError::Schema { cause, .. } if cause.is_of_newer_code() => Outcome::Retry(reason),
        // The stored events are corrupt or do not match their schema: another delivery cannot change that.
        FoldError::Read(ReadError::Corrupt(_))
        | FoldError::Schema { .. }
        | FoldError::Stream(_) => Outcome::Parked(reason),
    }
}
