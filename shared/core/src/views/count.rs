//! One step of a view across aggregates: counts events in a row, and finds the events that no message has delivered.

use std::collections::BTreeMap;

use super::{
    AcrossView, FoldError, Folds as _, ProjectError,
    claims::{Span, read_spans},
    records::{Place, Records},
    rows::body,
};
use crate::{
    Envelope, Payload, Ports, Row, RowKey, StreamId, Trail, Version,
    batch::Outcome,
    measure::{GAP_REPAIRED, Part},
    trail::log_record,
};

/// A row between reading and writing, and the records of the streams that are counted in it.
pub(super) struct Count<'a, V: AcrossView> {
    pub(super) key: &'a RowKey,
    pub(super) row: V::Row,
    pub(super) records: Records,
    pub(super) is_changed: bool,
    /// Events of other rows that no message has delivered.
    pub(super) elsewhere: BTreeMap<RowKey, Vec<Envelope>>,
}

impl<'a, V: AcrossView> Count<'a, V> {
    pub(super) fn new(key: &'a RowKey, row: V::Row, records: Records) -> Self {
        Self { key, row, records, is_changed: false, elsewhere: BTreeMap::new() }
    }

    /// Counts an event, once.
    pub(super) fn add(&mut self, place: &Place, event: &Envelope) -> Outcome {
        if self.records.contains(place) {
            return Outcome::Duplicate;
        }
        let failed = |cause| FoldError::Schema { version: event.version, cause };
        match V::row_of(event) {
            Ok(Some(key)) if key == *self.key => {}
            Ok(_) => return ProjectError::OtherRow(event.version).into(),
            Err(cause) => return ProjectError::from(failed(cause)).into(),
        }
        if let Err(cause) = V::apply(&mut self.row, event) {
            return ProjectError::from(failed(cause)).into();
        }
        self.is_changed = true;
        self.records.insert(place);
        Outcome::Applied
    }

    /// Counts earlier events of the same streams that no message has delivered: a message may be late or lost. The
    /// versions that change no row are recorded as counted too, so that they are read once. Events of other rows are
    /// put aside in `elsewhere`.
    pub(super) async fn add_lost(
        &mut self,
        ports: &Ports,
        events: &[Envelope],
        outcomes: &mut [Outcome],
    ) {
        let holes = self.holes(events, outcomes);
        for span in read_spans(&*ports.store, holes).await.into_values() {
            match &span.events {
                Ok(found) => self.add_found(&span, found),
                // The message is delivered again, and then the hole is read again.
                Err(outcome) => again(&span.stream, outcome, events, outcomes),
            }
        }
    }

    fn add_found(&mut self, span: &Span<'_>, found: &[Envelope]) {
        let stream = &span.stream;
        for event in found {
            let place = Place::at::<V>(stream, event.version);
            if self.records.contains(&place) {
                continue;
            }
            match V::row_of(event) {
                Ok(None) if V::Folds::knows(event) => self.records.insert(&place),
                // Newer code may want it.
                Ok(None) => {}
                Ok(Some(other)) if other != *self.key => {
                    self.elsewhere.entry(other).or_default().push(event.clone());
                }
                Ok(Some(_)) | Err(_) => match self.add(&place, event) {
                    Outcome::Applied => {
                        GAP_REPAIRED.record_of(Part::View(V::NAME), 1);
                        log_record!(
                            INFO,
                            &Trail::of(event),
                            "Counted an event that no message has delivered"
                        );
                    }
                    Outcome::Retry(why) | Outcome::Parked(why) => {
                        log_record!(WARN, &Trail::of(event), "An event is not counted: {why}");
                    }
                    Outcome::Duplicate | Outcome::Skipped => {}
                },
            }
        }
    }

    /// The versions of each stream that are not counted, up to the last one that a message has delivered.
    fn holes(
        &self,
        events: &[Envelope],
        outcomes: &[Outcome],
    ) -> Vec<(StreamId, (Version, Version))> {
        let mut last: BTreeMap<String, (StreamId, Version)> = BTreeMap::new();
        for (event, outcome) in events.iter().zip(outcomes) {
            let (Outcome::Applied | Outcome::Duplicate, Ok(stream)) = (outcome, event.stream())
            else {
                continue;
            };
            let newest = last.entry(stream.key()).or_insert((stream, event.version));
            newest.1 = newest.1.max(event.version);
        }
        let hole = |(stream, version): (StreamId, Version)| {
            let hole = self.records.hole::<V>(&stream, version)?;
            Some((stream, hole))
        };
        last.into_values().filter_map(hole).collect()
    }

    /// The rows to write: the part of the row if it has changed, and each changed record. `None` if nothing has.
    pub(super) fn rows(
        &self,
        part: RowKey,
        revision: u64,
    ) -> Result<Option<Vec<Row>>, ProjectError> {
        let mut rows = Vec::new();
        if self.is_changed {
            rows.push(unlisted(part, revision, body(&self.row)?));
        }
        for (place, (counted, revision)) in self.records.changed() {
            rows.push(unlisted(place.clone(), *revision, body(counted)?));
        }
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// Lets the messages of a stream be delivered again, if the outcome says so.
pub(super) fn again(
    stream: &StreamId,
    outcome: &Outcome,
    events: &[Envelope],
    outcomes: &mut [Outcome],
) {
    for (event, slot) in events.iter().zip(outcomes) {
        if event.stream().is_ok_and(|it| it == *stream) && matches!(outcome, Outcome::Retry(_)) {
            *slot = outcome.clone();
        }
    }
}

/// A row without index entries.
fn unlisted(key: RowKey, revision: u64, body: Payload) -> Row {
    Row { key, revision, body, indexes: BTreeMap::new() }
}
