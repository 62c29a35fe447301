//! The records of a view across aggregates: which versions of each stream it has counted.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counted, ProjectError, VERSIONS_PER_RECORD, View, rows::opened};
use crate::{
    Envelope, Ports, Row, RowKey, StreamId, Version, ViewStore, limits::ROWS_PER_CALL_MAX,
};

/// Where a view records that it has counted an event. The records never expire: a redrive a year later still counts
/// each event once.
pub(super) struct Place {
    /// The record that holds the event's version.
    record: RowKey,
    /// The first record of the stream. Older code kept all versions in it.
    first: RowKey,
    version: Version,
}

impl Place {
    pub(super) fn of<V: View>(event: &Envelope) -> Result<Self, ProjectError> {
        Ok(Self::at::<V>(&event.stream()?, event.version))
    }

    pub(super) fn at<V: View>(stream: &StreamId, version: Version) -> Self {
        let partition = format!("{}/counted#{}", V::NAME, stream.key());
        let first = RowKey::new(&*partition, "counted");
        let record = match (version.get() - 1) / VERSIONS_PER_RECORD {
            0 => first.clone(),
            number => RowKey::new(partition, format!("counted#{number}")),
        };
        Self { record, first, version }
    }
}

/// The part and the records that are stored. One read, while no stream is longer than one record.
pub(super) async fn read(
    views: &dyn ViewStore,
    part: &RowKey,
    places: &[Place],
) -> Result<BTreeMap<RowKey, Row>, ProjectError> {
    let mut keys: Vec<RowKey> = vec![part.clone()];
    keys.extend(places.iter().flat_map(|place| [place.record.clone(), place.first.clone()]));
    stored(views, keys).await
}

async fn stored(
    views: &dyn ViewStore,
    mut keys: Vec<RowKey>,
) -> Result<BTreeMap<RowKey, Row>, ProjectError> {
    keys.sort();
    keys.dedup();
    let mut stored = BTreeMap::new();
    for keys in keys.chunks(ROWS_PER_CALL_MAX) {
        let rows = views.read(keys).await?;
        stored.extend(rows.into_iter().flatten().map(|row| (row.key.clone(), row)));
    }
    Ok(stored)
}

/// For each of these events of one stream, whether the view has counted it or need not count it.
pub(super) async fn counted<V: View>(
    ports: &Ports,
    events: &[Envelope],
) -> Result<Vec<bool>, ProjectError> {
    let mut places = Vec::with_capacity(events.len());
    for event in events {
        places.push(V::row_of(event)?.map(|_| Place::of::<V>(event)).transpose()?);
    }
    let keys = places.iter().flatten().flat_map(|it| [it.record.clone(), it.first.clone()]);
    let records = Records::open(stored(&*ports.views, keys.collect()).await?)?;
    Ok(places.iter().map(|place| place.as_ref().is_none_or(|it| records.contains(it))).collect())
}

/// The counted versions: each record with its revision for the next write.
pub(super) struct Records {
    all: BTreeMap<RowKey, (Counted, u64)>,
    changed: BTreeSet<RowKey>,
}

impl Records {
    pub(super) fn open(stored: BTreeMap<RowKey, Row>) -> Result<Self, ProjectError> {
        let mut all = BTreeMap::new();
        for (key, row) in stored {
            all.insert(key, opened(Some(row))?);
        }
        Ok(Self { all, changed: BTreeSet::new() })
    }

    pub(super) fn contains(&self, place: &Place) -> bool {
        let is_in =
            |key| self.all.get(key).is_some_and(|(counted, _)| counted.contains(place.version));
        is_in(&place.record) || is_in(&place.first)
    }

    pub(super) fn insert(&mut self, place: &Place) {
        let (counted, _) = self.all.entry(place.record.clone()).or_insert((Counted::default(), 1));
        counted.insert(place.version);
        self.changed.insert(place.record.clone());
        if place.record != place.first {
            self.seal(&place.first);
        }
    }

    /// In the transaction that writes a further record, because older code may run at the same time.
    fn seal(&mut self, first: &RowKey) {
        let (counted, _) = self.all.entry(first.clone()).or_insert((Counted::default(), 1));
        if !counted.is_sealed() {
            counted.seal();
            self.changed.insert(first.clone());
        }
    }

    pub(super) fn changed(&self) -> impl Iterator<Item = (&RowKey, &(Counted, u64))> {
        self.all.iter().filter(|(key, _)| self.changed.contains(*key))
    }

    /// The first and the last version of the record that holds `version`, up to `version`, that the view has not
    /// counted. `None` if it has counted all of them.
    pub(super) fn hole<V: View>(
        &self,
        stream: &StreamId,
        version: Version,
    ) -> Option<(Version, Version)> {
        let first = (version.get() - 1) / VERSIONS_PER_RECORD * VERSIONS_PER_RECORD + 1;
        let versions = (first..=version.get()).filter_map(Version::new);
        let mut missing =
            versions.filter(|version| !self.contains(&Place::at::<V>(stream, *version)));
        let first = missing.next()?;
        Some((first, missing.next_back().unwrap_or(first)))
    }
}
