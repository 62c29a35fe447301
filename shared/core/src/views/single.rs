//! Views of one aggregate: a row with a watermark for each stream that it folds.

use std::{collections::BTreeMap, marker::PhantomData};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    AnyView, Folds as _, ProjectError, SingleView,
    rows::{Try, body, opened, until_undisturbed, write},
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

/// A row of a [`SingleView`] as it is stored: with one watermark for each stream that it folds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Marked<R> {
    /// The last version folded, by aggregate type.
    pub watermarks: BTreeMap<String, u64>,
    /// The row.
    pub row: R,
}

#[async_trait]
impl<V: SingleView> AnyView for Single<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn folds(&self) -> &'static [&'static str] {
        V::Folds::TYPES
    }

    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        V::row_of(event)
    }

    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        until_undisturbed(ports, events.len(), || attempt::<V>(ports, key, events)).await
    }
}

async fn attempt<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, ProjectError> {
    let there = ports.views.read(std::slice::from_ref(key)).await?.pop().flatten();
    let (mut marked, revision) = opened::<Marked<V::Row>>(there)?;
    let before = marked.watermarks.clone();
    // Events are folded in the order of versions; outcomes go back in the order of delivery.
    let mut in_order: Vec<(usize, &Envelope)> = events.iter().enumerate().collect();
    in_order.sort_by_key(|(_, event)| (&event.aggregate_type, event.version));
    let mut outcomes = vec![Outcome::Duplicate; events.len()];
    for (place, event) in in_order {
        let outcome = fold::<V>(ports, key, &mut marked, event).await;
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    }
    // Watermarks are compared, and not outcomes: closing a part of a gap is progress, though the event itself comes
    // back or is parked.
    if marked.watermarks == before {
        return Ok(Try::Done(outcomes));
    }
    let indexes = V::indexes(&marked.row).into_iter().collect();
    let row = Row { key: key.clone(), revision, body: body(&marked)?, indexes };
    Ok(if write(ports, &[row]).await? { Try::Done(outcomes) } else { Try::Again })
}

/// Folds one event, after all events before it that the row has not seen.
async fn fold<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    marked: &mut Marked<V::Row>,
    event: &Envelope,
) -> Outcome {
    let mark = marked.watermarks.get(&event.aggregate_type).copied().unwrap_or(0);
    if event.version.get() <= mark {
        return Outcome::Duplicate;
    }
    if event.version.get() == mark + 1 {
        return apply::<V>(key, marked, event);
    }
    let missing = match missing(ports, event, Version::FIRST.plus(mark)).await {
        Ok(missing) => missing,
        Err(outcome) => return outcome,
    };
    for earlier in &missing {
        if let parked @ Outcome::Parked(_) = apply::<V>(key, marked, earlier) {
            return parked;
        }
    }
    let reached = marked.watermarks.get(&event.aggregate_type).copied().unwrap_or(0);
    if reached >= event.version.get() {
        Outcome::Applied
    } else if missing.len() == GAP_EVENTS_MAX {
        Outcome::Retry(format!("more than {GAP_EVENTS_MAX} events are missing"))
    } else {
        Outcome::Retry(format!("version {} is not in the store yet", event.version))
    }
}

/// The events from `first` up to the delivered one, as the store has them.
async fn missing(
    ports: &Ports,
    event: &Envelope,
    first: Version,
) -> Result<Vec<Envelope>, Outcome> {
    let stream: StreamId = event.stream().map_err(|cause| Outcome::Parked(cause.to_string()))?;
    let read = read_events(&*ports.store, &stream, first, GAP_EVENTS_MAX).await;
    let events = read.map_err(|error| match error {
        ReadError::Unavailable(_) | ReadError::Broken(_) => Outcome::Retry(error.to_string()),
        // What is stored is not a history: delivering the message again cannot change that.
        ReadError::Corrupt(corrupt) => Outcome::Parked(corrupt.to_string()),
    })?;
    Ok(events.into_iter().filter(|it| it.version <= event.version).collect())
}

/// Applies the next event. One that this code does not understand is parked, and the row stays as it is: every later
/// event of the stream then finds the gap and is parked too, so nothing is applied out of order.
fn apply<V: SingleView>(key: &RowKey, marked: &mut Marked<V::Row>, event: &Envelope) -> Outcome {
    match V::row_of(event) {
        // A key may name an owner. A message that names the wrong owner must not bring the history, which is read from
        // the store, into that owner's row.
        Ok(Some(other)) if other != *key => {
            return Outcome::Parked(format!("version {} belongs to another row", event.version));
        }
        Ok(_) => {}
        Err(cause) => return Outcome::Parked(format!("version {}: {cause}", event.version)),
    }
    match V::apply(&mut marked.row, event) {
        Ok(()) => {
            marked.watermarks.insert(event.aggregate_type.clone(), event.version.get());
            Outcome::Applied
        }
        Err(cause) => Outcome::Parked(format!("version {}: {cause}", event.version)),
    }
}
