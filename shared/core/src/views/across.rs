//! Views across aggregates count each event once. The record of counted events is written in the same transaction as
//! the row.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use async_trait::async_trait;

use super::{
    AcrossView, AnyView, Counted, FoldError, Folds as _, ProjectError, RowError,
    VERSIONS_PER_RECORD, View,
    parts::{Writer, part_key},
    rows::{Try, body, failed, opened, until_undisturbed, write},
};
use crate::{
    Envelope, Payload, Ports, Row, RowKey, SchemaError, Version, ViewError, ViewStore,
    batch::Outcome, limits::ROWS_PER_CALL_MAX,
};

/// Events that are counted together: the view's row and one record for each event's stream fit one call. A queue batch
/// of at most this size needs one transaction for each row.
pub const EVENTS_PER_WRITE_MAX: usize = ROWS_PER_CALL_MAX - 1;

/// An [`AcrossView`] as [`AnyView`].
pub struct Across<V> {
    writer: Writer,
    view: PhantomData<fn() -> V>,
}

impl<V> Default for Across<V> {
    fn default() -> Self {
        Self { writer: Writer::default(), view: PhantomData }
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

    /// One all-or-nothing write for up to [`EVENTS_PER_WRITE_MAX`] events. If a single event may be the cause of a
    /// failure, the events are tried again in halves, so that only this event fails.
    async fn project(&self, ports: &Ports, key: &RowKey, events: &[Envelope]) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(events.len());
        let mut left: Vec<&[Envelope]> = events.chunks(EVENTS_PER_WRITE_MAX).rev().collect();
        while let Some(events) = left.pop() {
            match until_undisturbed(ports, || self.attempt(ports, key, events)).await {
                Ok(done) => outcomes.extend(done),
                Err(error) if is_about_one_row(&error) && events.len() > 1 => {
                    let (first, second) = events.split_at(events.len() / 2);
                    left.extend([second, first]);
                }
                Err(error) => outcomes.extend(failed(error, events.len())),
            }
        }
        outcomes
    }
}

/// Whether fewer events at once may succeed: a record cannot be read, or the transaction is too large.
fn is_about_one_row(error: &ProjectError) -> bool {
    match error {
        ProjectError::Row(RowError::Unreadable { .. } | RowError::Store(ViewError::Broken(_)))
        | ProjectError::NoJson
        | ProjectError::Stream(_) => true,
        ProjectError::Row(RowError::Store(ViewError::Conflict | ViewError::Unavailable(_)))
        | ProjectError::Message(_)
        | ProjectError::Fold(_)
        | ProjectError::Schema(_)
        | ProjectError::NewerRow { .. }
        | ProjectError::OtherRow(_)
        | ProjectError::LongGap
        | ProjectError::NotStored(_)
        | ProjectError::Contended(_)
        | ProjectError::NoOutcome
        | ProjectError::NotParked { .. } => false,
    }
}

impl<V: AcrossView> Across<V> {
    async fn attempt(
        &self,
        ports: &Ports,
        key: &RowKey,
        events: &[Envelope],
    ) -> Result<Try, ProjectError> {
        let part = part_key(key, V::SCHEMA, self.writer.place(&*ports.host));
        let places: Result<Vec<Place>, _> = events.iter().map(Place::of::<V>).collect();
        let places = places?;
        let mut stored = read(&*ports.views, &part, &places).await?;
        let Ok((mut row, revision)) = opened::<V::Row>(stored.remove(&part)) else {
            // Reading the row fails while this part is damaged. Counting goes on in another part.
            self.writer.moved(&*ports.host);
            return Ok(Try::Again);
        };
        let mut records = Records::open(stored)?;
        let mut outcomes = Vec::with_capacity(events.len());
        for (event, place) in events.iter().zip(&places) {
            outcomes.push(count::<V>(&mut row, &mut records, place, event));
        }
        if !outcomes.contains(&Outcome::Applied) {
            return Ok(Try::Done(outcomes));
        }
        let mut rows = vec![unlisted(part, revision, body(&row)?)];
        for (place, (counted, revision)) in records.changed() {
            rows.push(unlisted(place.clone(), *revision, body(counted)?));
        }
        if write(ports, &rows).await? {
            return Ok(Try::Done(outcomes));
        }
        // Another process may use the same place.
        self.writer.moved(&*ports.host);
        Ok(Try::Again)
    }
}

/// Where a view records that it has counted an event. The records never expire: a redrive a year later still counts
/// each event once.
struct Place {
    /// The record that holds the event's version.
    record: RowKey,
    /// The first record of the stream. Older code kept all versions in it.
    first: RowKey,
    version: Version,
}

impl Place {
    fn of<V: View>(event: &Envelope) -> Result<Self, ProjectError> {
        let partition = format!("{}/counted#{}", V::NAME, event.stream()?.key());
        let first = RowKey::new(&*partition, "counted");
        let record = match (event.version.get() - 1) / VERSIONS_PER_RECORD {
            0 => first.clone(),
            number => RowKey::new(partition, format!("counted#{number}")),
        };
        Ok(Self { record, first, version: event.version })
    }
}

/// The part and the records that are stored. One read, while no stream is longer than one record.
async fn read(
    views: &dyn ViewStore,
    part: &RowKey,
    places: &[Place],
) -> Result<BTreeMap<RowKey, Row>, ProjectError> {
    let mut keys: Vec<RowKey> = vec![part.clone()];
    keys.extend(places.iter().flat_map(|place| [place.record.clone(), place.first.clone()]));
    keys.sort();
    keys.dedup();
    let mut stored = BTreeMap::new();
    for keys in keys.chunks(ROWS_PER_CALL_MAX) {
        let rows = views.read(keys).await?;
        stored.extend(rows.into_iter().flatten().map(|row| (row.key.clone(), row)));
    }
    Ok(stored)
}

/// The counted versions: each record with its revision for the next write.
struct Records {
    all: BTreeMap<RowKey, (Counted, u64)>,
    changed: BTreeSet<RowKey>,
}

impl Records {
    fn open(stored: BTreeMap<RowKey, Row>) -> Result<Self, ProjectError> {
        let mut all = BTreeMap::new();
        for (key, row) in stored {
            all.insert(key, opened(Some(row))?);
        }
        Ok(Self { all, changed: BTreeSet::new() })
    }

    fn contains(&self, place: &Place) -> bool {
        let is_in =
            |key| self.all.get(key).is_some_and(|(counted, _)| counted.contains(place.version));
        is_in(&place.record) || is_in(&place.first)
    }

    fn insert(&mut self, place: &Place) {
        let (counted, _) = self.all.entry(place.record.clone()).or_insert((Counted::default(), 1));
        counted.insert(place.version);
        self.changed.insert(place.record.clone());
    }

    fn changed(&self) -> impl Iterator<Item = (&RowKey, &(Counted, u64))> {
        self.all.iter().filter(|(key, _)| self.changed.contains(*key))
    }
}

fn count<V: AcrossView>(
    row: &mut V::Row,
    records: &mut Records,
    place: &Place,
    event: &Envelope,
) -> Outcome {
    if records.contains(place) {
        return Outcome::Duplicate;
    }
    match V::apply(row, event) {
        Ok(()) => {
            records.insert(place);
            Outcome::Applied
        }
        Err(cause) => {
            ProjectError::from(FoldError::Schema { version: event.version, cause }).into()
        }
    }
}

/// A row without index entries.
fn unlisted(key: RowKey, revision: u64, body: Payload) -> Row {
    Row { key, revision, body, indexes: BTreeMap::new() }
}
