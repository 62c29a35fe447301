//! Views across aggregates: each event is counted once. The record of what was counted is in the same transaction.

use std::{collections::BTreeMap, marker::PhantomData};

use async_trait::async_trait;

use super::{
    AcrossView, AnyView, Counted, Folds as _, ProjectError, View,
    rows::{Try, body, opened, until_undisturbed, write},
};
use crate::{
    Envelope, Payload, Ports, Row, RowKey, SchemaError, batch::Outcome, limits::ROWS_PER_CALL_MAX,
};

/// Events that are counted together: the view's row and a record for each event's stream fit one call.
const EVENTS_PER_WRITE_MAX: usize = ROWS_PER_CALL_MAX - 1;

/// An [`AcrossView`] as [`AnyView`].
pub struct Across<V>(PhantomData<fn() -> V>);

impl<V> Default for Across<V> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

#[async_trait]
impl<V: AcrossView> AnyView for Across<V> {
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

    /// One all-or-nothing write for up to 99 events.
    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        for events in events.chunks(EVENTS_PER_WRITE_MAX) {
            let count = || attempt::<V>(ports, key, events);
            outcomes.extend(until_undisturbed(ports, events.len(), count).await);
        }
        outcomes
    }
}

/// Where a view keeps which versions of a stream it has counted. The record never expires: a redrive a year later
/// still counts each event once.
fn record_key<V: View>(stream: &str) -> RowKey {
    RowKey::new(format!("{}/counted#{stream}", V::NAME), "counted")
}

async fn attempt<V: AcrossView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, ProjectError> {
    let mut records: BTreeMap<RowKey, (Counted, u64)> = BTreeMap::new();
    let mut record_keys = Vec::with_capacity(events.len());
    for event in events {
        let record = record_key::<V>(&event.stream()?.key());
        records.entry(record.clone()).or_default();
        record_keys.push(record);
    }
    let keys: Vec<RowKey> = std::iter::once(key).chain(records.keys()).cloned().collect();
    let mut read = ports.views.read(&keys).await?.into_iter();
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
    let mut rows = vec![unlisted(key.clone(), revision, body(&row)?)];
    for (place, (counted, revision)) in records.iter().filter(|(place, _)| applied(place)) {
        rows.push(unlisted(place.clone(), *revision, body(counted)?));
    }
    Ok(if write(ports, &rows).await? { Try::Done(outcomes) } else { Try::Again })
}

fn count<V: AcrossView>(
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
    match V::apply(row, event) {
        Ok(()) => {
            counted.insert(event.version);
            Outcome::Applied
        }
        Err(cause) if cause.is_of_newer_code() => Outcome::Retry(reason(event, &cause)),
        Err(cause) => Outcome::Parked(reason(event, &cause)),
    }
}

fn reason(event: &Envelope, cause: &SchemaError) -> String {
    format!("version {}: {cause}", event.version)
}

/// A row that stands in no index.
fn unlisted(key: RowKey, revision: u64, body: Payload) -> Row {
    Row { key, revision, body, indexes: BTreeMap::new() }
}
