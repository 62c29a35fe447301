//! Views of one aggregate: a row has a watermark for each stream that it folds.

use std::{collections::BTreeMap, marker::PhantomData};

use async_trait::async_trait;

use super::{
    AnyView, FoldError, Folds as _, Marked, ProjectError, SingleView,
    from_store::{events_of, folded},
    marked::Stored,
    rows::{Try, body, failed, until_undisturbed, write},
};
use crate::{
    Envelope, Ports, Row, RowKey, SchemaError, StreamId, Version, batch::Outcome, read_events,
};

/// Events that one step reads from the store to close a gap. Later deliveries close a longer gap.
pub(super) const GAP_EVENTS_MAX: usize = 1000;

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
        outcomes.unwrap_or_else(|error| failed(error, events.len()))
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
        Err(error) => return Ok(Try::Done(failed(error, events.len()))),
    };
    // Events are folded in the order of versions; outcomes are returned in the order of delivery.
    let mut in_order: Vec<(usize, &Envelope)> = events.iter().enumerate().collect();
    in_order.sort_by_key(|(_, event)| (&event.aggregate_type, event.version));
    let mut outcomes = vec![Outcome::Duplicate; events.len()];
    for (place, event) in in_order {
        let folded = fold::<V>(ports, key, &mut opened, event).await;
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = folded.unwrap_or_else(Outcome::from);
        }
    }
    let Opened { marked, before, revision, is_folded_again } = opened;
    // Compare watermarks, not outcomes: closing part of a gap is progress, even if the event itself is retried or
    // parked.
    if marked.watermarks == before && !is_folded_again {
        return Ok(Try::Done(outcomes));
    }
    let indexes = V::indexes(key, &marked.row).into_iter().collect();
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
) -> Result<Opened<V::Row>, ProjectError> {
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
        Some(Stored::Newer(stored)) => Err(ProjectError::NewerRow { stored, known: V::SCHEMA }),
    }
}

/// The row folded from the store.
async fn folded_again<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Marked<V::Row>, ProjectError> {
    let mut marked = Marked::empty(V::SCHEMA);
    let Some(id) = events.first().map(|event| event.aggregate_id.as_str()) else {
        return Ok(marked);
    };
    for aggregate_type in V::Folds::TYPES {
        let stream = StreamId::new(*aggregate_type, id)?;
        for event in &events_of(&*ports.store, &stream, None).await? {
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
) -> Result<Outcome, ProjectError> {
    let marked = &mut opened.marked;
    let mark = marked.watermark(&event.aggregate_type);
    if event.version.get() <= mark {
        return Ok(opened.already_folded(event));
    }
    if event.version.get() == mark + 1 {
        apply::<V>(key, marked, event)?;
        return Ok(Outcome::Applied);
    }
    let missing = missing(ports, event, Version::FIRST.plus(mark)).await?;
    for earlier in &missing {
        apply::<V>(key, marked, earlier)?;
    }
    if marked.watermark(&event.aggregate_type) >= event.version.get() {
        Ok(Outcome::Applied)
    } else if missing.len() == GAP_EVENTS_MAX {
        Err(ProjectError::LongGap)
    } else {
        Err(ProjectError::NotStored(event.version))
    }
}

/// The stored events from `first` up to the delivered one.
async fn missing(
    ports: &Ports,
    event: &Envelope,
    first: Version,
) -> Result<Vec<Envelope>, ProjectError> {
    let read = read_events(&*ports.store, &event.stream()?, first, GAP_EVENTS_MAX).await;
    let events = read.map_err(FoldError::from)?;
    Ok(events.into_iter().filter(|it| it.version <= event.version).collect())
}

/// Applies the next event. An event that this code does not understand does not change the row. Every later event of
/// the stream then finds the gap and fails in the same way, so nothing is applied out of order.
fn apply<V: SingleView>(
    key: &RowKey,
    marked: &mut Marked<V::Row>,
    event: &Envelope,
) -> Result<(), ProjectError> {
    let version = event.version;
    match V::row_of(event) {
        // A key may name an owner. A message that names the wrong owner must not copy the stored history into that
        // owner's row.
        Ok(Some(other)) if other != *key => Err(ProjectError::OtherRow(version)),
        Ok(_) => Ok(folded::<V>(marked, event)?),
        Err(cause) => Err(FoldError::Schema { version, cause }.into()),
    }
}
