//! Views across aggregates: each event is counted once, with the record of what was counted in the same transaction.

use std::collections::BTreeMap;

use super::{
    Counted, CrossView, Projector, Try, opened, stream_of, until_undisturbed, write, written,
};
use crate::{Envelope, Row, RowKey, batch::Outcome, limits::ROWS_PER_CALL_MAX};

/// Events that are counted together: the view's row and a record for each event's stream fit one call.
const EVENTS_PER_WRITE_MAX: usize = ROWS_PER_CALL_MAX - 1;

/// Counts events of one row: one read and one all-or-nothing write for up to 99 events, whatever their order.
///
/// Every event must belong to the row `key`. The answer has one outcome for each event.
pub async fn project_across<V: CrossView>(
    projector: &Projector,
    key: &RowKey,
    events: &[Envelope],
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(events.len());
    for events in events.chunks(EVENTS_PER_WRITE_MAX) {
        let count = || attempt::<V>(projector, key, events);
        outcomes.extend(until_undisturbed(projector, events.len(), count).await);
    }
    outcomes
}

/// Where a view keeps which versions of a stream it has counted. The record never expires: a redrive a year later
/// still counts once.
fn record_key<V: CrossView>(stream: &str) -> RowKey {
    RowKey::new(format!("{}/counted#{stream}", V::NAME), "counted")
}

async fn attempt<V: CrossView>(
    projector: &Projector,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, String> {
    let mut records: BTreeMap<RowKey, (Counted, u64)> = BTreeMap::new();
    let mut record_keys = Vec::with_capacity(events.len());
    for event in events {
        let record = record_key::<V>(&stream_of(event)?.key());
        records.entry(record.clone()).or_default();
        record_keys.push(record);
    }
    let keys: Vec<RowKey> = std::iter::once(key).chain(records.keys()).cloned().collect();
    let read = projector.views.read(&keys).await.map_err(|error| error.to_string())?;
    let mut read = read.into_iter();
    let (mut row, revision) = opened::<V::Row>(read.next().flatten())?;
    for (record, there) in records.values_mut().zip(read) {
        *record = opened(there)?;
    }

    let mut outcomes = Vec::with_capacity(events.len());
    for (event, record) in events.iter().zip(&record_keys) {
        let counted = records.get_mut(record).map(|(counted, _)| counted);
        outcomes.push(count::<V>(&mut row, counted, event));
    }
    if !outcomes.contains(&Outcome::Applied) {
        return Ok(Try::Done(outcomes));
    }
    let applied = |place: &RowKey| {
        let mut all = record_keys.iter().zip(&outcomes);
        all.any(|(record, outcome)| record == place && *outcome == Outcome::Applied)
    };
    let mut rows = vec![plain(key.clone(), revision, written(&row)?)];
    for (place, (counted, revision)) in records.iter().filter(|(place, _)| applied(place)) {
        rows.push(plain(place.clone(), *revision, written(counted)?));
    }
    Ok(write(projector, &rows).await?.map_or(Try::Again, |()| Try::Done(outcomes)))
}

fn count<V: CrossView>(
    row: &mut V::Row,
    counted: Option<&mut Counted>,
    event: &Envelope,
) -> Outcome {
    let Some(counted) = counted else {
        return Outcome::Retry("no record".to_owned());
    };
    if counted.contains(event.version) {
        return Outcome::Duplicate;
    }
    let before = row.clone();
    match V::apply(row, event) {
        Ok(()) => {
            counted.insert(event.version);
            Outcome::Applied
        }
        Err(cause) => {
            *row = before;
            Outcome::Parked(format!("version {}: {cause}", event.version))
        }
    }
}

fn plain(key: RowKey, revision: u64, body: crate::Payload) -> Row {
    Row { key, revision, body, indexes: Default::default() }
}
