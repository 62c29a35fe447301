//! Views of one aggregate: a row with a watermark for each stream that it folds.

use super::{Marked, Projector, SingleView, Try, gap, opened, until_undisturbed, write, written};
use crate::{Envelope, ReadError, Row, RowKey, StreamId, Version, batch::Outcome};

/// Events that one step reads from the store to close a gap. A longer gap is closed by later deliveries.
const GAP_EVENTS_MAX: usize = 1000;

/// Folds events of one aggregate into its row: one read and one write, whatever their number and order.
///
/// Every event must belong to the row `key`. The answer has one outcome for each event.
pub async fn project_single<V: SingleView>(
    projector: &Projector,
    key: &RowKey,
    events: &[Envelope],
) -> Vec<Outcome> {
    until_undisturbed(projector, events.len(), || attempt::<V>(projector, key, events)).await
}

async fn attempt<V: SingleView>(
    projector: &Projector,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, String> {
    let read = projector.views.read(std::slice::from_ref(key)).await;
    let there = read.map_err(|error| error.to_string())?.pop().flatten();
    let (mut marked, revision) = opened::<Marked<V::Row>>(there)?;
    let before = marked.watermarks.clone();
    // In the order of versions, whatever the order of delivery; outcomes go back by place.
    let mut in_order: Vec<(usize, &Envelope)> = events.iter().enumerate().collect();
    in_order.sort_by_key(|(_, event)| (&event.aggregate_type, event.version));
    let mut outcomes = vec![Outcome::Duplicate; events.len()];
    for (place, event) in in_order {
        let outcome = fold::<V>(projector, key, &mut marked, event).await;
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    }
    // Not whether an event was applied: closing a part of a gap is progress, though the event itself has to come back
    // or is parked.
    if marked.watermarks == before {
        return Ok(Try::Done(outcomes));
    }
    let indexes = V::indexes(&marked.row);
    let row = Row { key: key.clone(), revision, body: written(&marked)?, indexes };
    Ok(write(projector, &[row]).await?.map_or(Try::Again, |()| Try::Done(outcomes)))
}

/// Folds one event, after everything before it that the row has not seen.
async fn fold<V: SingleView>(
    projector: &Projector,
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
    let missing = match missing(projector, event, Version::FIRST.plus(mark)).await {
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

/// The events up to the hinted one, as the store has them.
async fn missing(
    projector: &Projector,
    event: &Envelope,
    first: Version,
) -> Result<Vec<Envelope>, Outcome> {
    let stream: StreamId = event.stream().map_err(|cause| Outcome::Parked(cause.to_string()))?;
    let read = gap::read_events(&*projector.store, &stream, first, GAP_EVENTS_MAX).await;
    let events = read.map_err(|error| match error {
        ReadError::Unavailable(_) | ReadError::Broken(_) => Outcome::Retry(error.to_string()),
        // What is stored is not a history: no delivery will make it one.
        ReadError::Corrupt(corrupt) => Outcome::Parked(corrupt.to_string()),
    })?;
    Ok(events.into_iter().filter(|it| it.version <= event.version).collect())
}

/// Applies the next event. One that cannot be understood is parked, and the row stays where it is: every later event
/// of the stream then finds the gap and is parked behind it, so nothing is applied out of order.
fn apply<V: SingleView>(key: &RowKey, marked: &mut Marked<V::Row>, event: &Envelope) -> Outcome {
    let before = marked.row.clone();
    let applied = match V::key(event) {
        // A key may say whose the aggregate is. A message that names the wrong owner must not bring the history, which
        // is read from the store, into that owner's row.
        Ok(Some(other)) if other != *key => {
            return Outcome::Parked(format!("version {} belongs to another row", event.version));
        }
        Ok(_) => V::apply(&mut marked.row, event),
        Err(cause) => Err(cause),
    };
    match applied {
        Ok(()) => {
            marked.watermarks.insert(event.aggregate_type.clone(), event.version.get());
            Outcome::Applied
        }
        Err(cause) => {
            marked.row = before;
            Outcome::Parked(format!("version {}: {cause}", event.version))
        }
    }
}
