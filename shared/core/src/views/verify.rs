//! Compares stored rows with the event store: folds them again, and names what differs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    Across, AcrossView, FoldError, Folds as _, Marked, ProjectError, RowError, Single, SingleView,
    from_store::{events_of, folded},
    marked::Stored,
    records::counted,
};
use crate::{
    Commit, Corrupt, Envelope, Ports, ReadError, ReadFrom, Row, RowKey, SchemaError, StreamId,
    Version,
    replay::{ReplayPosition, ReplaySource},
};

/// Segments in which a verification reads the store, one after the other in a random order, so that a sample is another
/// each time.
const SEGMENTS: u32 = 32;

/// Commits that one read asks for.
const COMMITS_PER_PAGE: u32 = 200;

/// Rows across aggregates that one verification folds in memory.
pub const ROWS_PER_VERIFY_MAX: usize = 100_000;

/// How much to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This many streams. A row across aggregates is not added up again; that needs all streams.
    Sample(usize),
    /// Every stream, and every row across aggregates.
    Everything,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Streams whose events were looked for.
    pub streams: u64,
    /// Rows that were folded again and compared.
    pub rows: u64,
    /// Events that the view has not applied yet. They may still be in its queue.
    pub waiting: u64,
    /// Rows that differ from the fold of the events that they hold.
    pub differences: Vec<Difference>,
}

/// A row that differs from the fold of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The row.
    pub row: String,
    /// How it differs: names of fields, never values.
    pub how: String,
}

impl From<Corrupt> for Difference {
    fn from(corrupt: Corrupt) -> Self {
        let ordinal = corrupt.ordinal.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let row = format!("event store: {} commit {ordinal}", corrupt.stream);
        Self { row, how: corrupt.what }
    }
}

/// Why a view cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row could not be read or folded.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The view has more rows than one verification holds in memory.
    #[error("the view has more than {ROWS_PER_VERIFY_MAX} rows; verify a sample, or rebuild it")]
    TooManyRows,
}

/// Gives the events of the store, segment by segment.
struct Streams<'a> {
    history: &'a dyn ReplaySource,
    segments: Vec<u32>,
    after: Option<ReplayPosition>,
}

impl<'a> Streams<'a> {
    fn new(history: &'a dyn ReplaySource, ports: &Ports) -> Self {
        let random = ports.host.random();
        let start = u32::from(*random.as_bytes().first().unwrap_or(&0)) % SEGMENTS;
        let segments = (0..SEGMENTS).map(|place| (start + place) % SEGMENTS).rev().collect();
        Self { history, segments, after: None }
    }

    /// The events of the next page; `None` at the end of the store. An item that is no commit is a difference.
    async fn next(&mut self, verified: &mut Verified) -> Result<Option<Vec<Envelope>>, ReadError> {
        let Some(segment) = self.segments.last().copied() else { return Ok(None) };
        let page =
            self.history.scan(segment, SEGMENTS, self.after.as_ref(), COMMITS_PER_PAGE).await?;
        verified.differences.extend(page.corrupt.into_iter().map(Difference::from));
        self.after = page.next;
        if self.after.is_none() {
            self.segments.pop();
        }
        Ok(Some(page.commits.into_iter().flat_map(Commit::into_envelopes).collect()))
    }
}

impl From<FoldError> for VerifyError {
    fn from(error: FoldError) -> Self {
        Self::Project(error.into())
    }
}

impl From<SchemaError> for VerifyError {
    fn from(error: SchemaError) -> Self {
        Self::Project(error.into())
    }
}

impl From<RowError> for VerifyError {
    fn from(error: RowError) -> Self {
        Self::Project(error.into())
    }
}

impl Extent {
    fn is_reached(self, streams: u64) -> bool {
        match self {
            Self::Sample(wanted) => usize::try_from(streams).unwrap_or(usize::MAX) >= wanted,
            Self::Everything => false,
        }
    }
}

/// Verifies a view of one aggregate: one row for each aggregate that the store has.
pub(super) async fn single<V: SingleView>(
    ports: &Ports,
    history: &dyn ReplaySource,
    extent: Extent,
) -> Result<Verified, VerifyError> {
    let mut verified = Verified::default();
    let mut streams = Streams::new(history, ports);
    while let Some(events) = streams.next(&mut verified).await? {
        for event in events.iter().filter(|event| event.version.get() == 1) {
            if extent.is_reached(verified.streams) {
                return Ok(verified);
            }
            if is_first_of_row::<V>(ports, event).await? {
                row_of_one::<V>(ports, event, &mut verified).await?;
            }
        }
    }
    Ok(verified)
}

/// Whether the event's stream is the first of the streams that its row folds, so that each row is verified once.
async fn is_first_of_row<V: SingleView>(
    ports: &Ports,
    event: &Envelope,
) -> Result<bool, ReadError> {
    let types = V::Folds::TYPES;
    let Some(place) = types.iter().position(|name| *name == event.aggregate_type) else {
        return Ok(false);
    };
    for earlier in types.iter().take(place) {
        let Ok(stream) = StreamId::new(*earlier, &*event.aggregate_id) else { continue };
        if !ports.store.read(&stream, ReadFrom::Newest, 1).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn row_of_one<V: SingleView>(
    ports: &Ports,
    first: &Envelope,
    verified: &mut Verified,
) -> Result<(), VerifyError> {
    verified.streams += 1;
    let key = match V::row_of(first) {
        Ok(Some(key)) => key,
        Ok(None) => return Ok(()),
        Err(cause) => {
            verified.differences.push(not_understood(first, &cause));
            return Ok(());
        }
    };
    // The row is read before the store: events that arrive in between are then waiting, not missing.
    let stored = stored_row(ports, &key).await?;
    let folded = match Single::<V>::from_store(&*ports.store, &first.aggregate_id).await {
        Ok(Some(folded)) => folded,
        Ok(None) => return Ok(()),
        // The scan names the item.
        Err(FoldError::Read(ReadError::Corrupt(_))) => return Ok(()),
        Err(FoldError::Read(error)) => return Err(error.into()),
        // No stream keeps the others from being verified.
        Err(error) => {
            let how = format!("it cannot be folded: {error}");
            verified.differences.push(Difference { row: name_of(&key), how });
            return Ok(());
        }
    };
    verified.rows += 1;
    let how = match stored.map(|row| Stored::<V::Row>::of(&row, V::SCHEMA)) {
        None => {
            verified.waiting += folded.watermarks.values().sum::<u64>();
            return Ok(());
        }
        Some(Stored::Newer(schema)) => Some(format!("newer code wrote it, under schema {schema}")),
        Some(Stored::Outdated(_)) => {
            Some("it has an older schema or is damaged; the next event folds it again".to_owned())
        }
        Some(Stored::Current(marked)) if marked.watermarks == folded.watermarks => {
            differing(&marked.row, &folded.row)
        }
        Some(Stored::Current(marked)) => {
            at_its_watermarks::<V>(ports, first, &marked, &folded, verified).await?
        }
    };
    verified.differences.extend(how.map(|how| Difference { row: name_of(&key), how }));
    Ok(())
}

/// Compares a row that is behind with the fold of the events that it holds.
async fn at_its_watermarks<V: SingleView>(
    ports: &Ports,
    first: &Envelope,
    stored: &Marked<V::Row>,
    whole: &Marked<V::Row>,
    verified: &mut Verified,
) -> Result<Option<String>, VerifyError> {
    for (name, head) in &whole.watermarks {
        verified.waiting += head.saturating_sub(stored.watermark(name));
    }
    if stored.watermarks.iter().any(|(name, mark)| *mark > whole.watermark(name)) {
        return Ok(Some("its watermark is beyond the store".to_owned()));
    }
    let mut again = Marked::<V::Row>::empty(V::SCHEMA);
    for (name, mark) in &stored.watermarks {
        let Ok(stream) = StreamId::new(&**name, &*first.aggregate_id) else { continue };
        let Some(at) = Version::new(*mark) else { continue };
        for event in events_of(&*ports.store, &stream, Some(at)).await? {
            folded::<V>(&mut again, &event)?;
        }
    }
    Ok(differing(&stored.row, &again.row))
}

/// Verifies a view across aggregates: that every event is counted and, with all events, that the sums are right.
pub(super) async fn across<V: AcrossView>(
    ports: &Ports,
    history: &dyn ReplaySource,
    extent: Extent,
) -> Result<Verified, VerifyError> {
    let mut verified = Verified::default();
    let mut sums: BTreeMap<RowKey, V::Row> = BTreeMap::new();
    let mut streams = Streams::new(history, ports);
    while let Some(events) = streams.next(&mut verified).await? {
        if extent.is_reached(verified.streams) {
            return Ok(verified);
        }
        let mut wanted: BTreeMap<StreamId, Vec<Envelope>> = BTreeMap::new();
        for event in events {
            let key = match V::row_of(&event) {
                Ok(Some(key)) => key,
                Ok(None) => continue,
                Err(cause) => {
                    verified.differences.push(not_understood(&event, &cause));
                    continue;
                }
            };
            let Ok(stream) = event.stream() else { continue };
            if extent == Extent::Everything
                && let Err(cause) = V::apply(sums.entry(key).or_default(), &event)
            {
                verified.differences.push(not_understood(&event, &cause));
            }
            wanted.entry(stream).or_default().push(event);
        }
        if sums.len() > ROWS_PER_VERIFY_MAX {
            return Err(VerifyError::TooManyRows);
        }
        for events in wanted.into_values() {
            verified.streams += 1;
            let held = counted::<V>(ports, &events).await?;
            let waiting = held.iter().filter(|is_held| !**is_held).count();
            verified.waiting += u64::try_from(waiting).unwrap_or(u64::MAX);
        }
    }
    for (key, sum) in &sums {
        verified.rows += 1;
        let stored = Across::<V>::read(&*ports.views, key).await?.unwrap_or_default();
        let how = differing(&stored, sum);
        verified.differences.extend(how.map(|how| Difference { row: name_of(key), how }));
    }
    Ok(verified)
}

/// An event that this code does not understand. The rest is verified without it.
fn not_understood(event: &Envelope, cause: &SchemaError) -> Difference {
    let Envelope { aggregate_type, aggregate_id, version, .. } = event;
    let row = format!("event store: {aggregate_type}#{aggregate_id} version {version}");
    Difference { row, how: cause.to_string() }
}

async fn stored_row(ports: &Ports, key: &RowKey) -> Result<Option<Row>, ProjectError> {
    Ok(ports.views.read(std::slice::from_ref(key)).await?.pop().flatten())
}

fn name_of(key: &RowKey) -> String {
    format!("{} {}", key.partition, key.sort)
}

/// The names of the fields that differ; `None` if the rows are equal.
fn differing<R: Serialize>(stored: &R, folded: &R) -> Option<String> {
    let (stored, folded) = (serde_json::to_value(stored), serde_json::to_value(folded));
    let (Ok(stored), Ok(folded)) = (stored, folded) else {
        return Some("it has no JSON form".to_owned());
    };
    let mut fields = Vec::new();
    compare("", &stored, &folded, &mut fields);
    (!fields.is_empty()).then(|| format!("{} differs from the store", fields.join(", ")))
}

fn compare(path: &str, stored: &Value, folded: &Value, fields: &mut Vec<String>) {
    if stored == folded {
        return;
    }
    let (Value::Object(stored), Value::Object(folded)) = (stored, folded) else {
        fields.push(if path.is_empty() { "the row".to_owned() } else { path.to_owned() });
        return;
    };
    let mut names: Vec<&String> = stored.keys().chain(folded.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let missing = Value::Null;
        let (stored, folded) = (stored.get(name), folded.get(name));
        compare(&path, stored.unwrap_or(&missing), folded.unwrap_or(&missing), fields);
    }
}

/// Which of these events of one stream the stored row holds.
pub(super) async fn held<V: SingleView>(
    ports: &Ports,
    events: &[Envelope],
) -> Result<Vec<bool>, ProjectError> {
    let Some(first) = events.first() else { return Ok(Vec::new()) };
    let Some(key) = V::row_of(first)? else { return Ok(vec![true; events.len()]) };
    let row = stored_row(ports, &key).await?;
    let marks = match row.map(|row| Stored::<V::Row>::of(&row, V::SCHEMA)) {
        Some(Stored::Current(marked)) => marked.watermarks,
        Some(Stored::Outdated(header)) => header.watermarks,
        Some(Stored::Newer(_)) | None => BTreeMap::new(),
    };
    let mark = marks.get(&first.aggregate_type).copied().unwrap_or(0);
    Ok(events.iter().map(|event| event.version.get() <= mark).collect())
}

/// Whether a message has brought each of these events of one stream. `None` if the event changes no row, or if other code
/// has to say.
pub(super) async fn heard<V: SingleView>(
    ports: &Ports,
    events: &[Envelope],
) -> Result<Vec<Option<bool>>, ProjectError> {
    let key = |event: &Envelope| V::row_of(event).ok().flatten();
    let Some(row) = events.iter().find_map(key) else { return Ok(vec![None; events.len()]) };
    let (marks, unheard) =
        match stored_row(ports, &row).await?.map(|it| Stored::<V::Row>::of(&it, V::SCHEMA)) {
            Some(Stored::Current(marked)) => (marked.watermarks, marked.unheard),
            Some(Stored::Outdated(header)) => (header.watermarks, header.unheard),
            Some(Stored::Newer(_)) => return Ok(vec![None; events.len()]),
            None => Default::default(),
        };
    let is_heard = |event: &Envelope| {
        let mark = marks.get(&event.aggregate_type).copied().unwrap_or(0);
        event.version.get() <= mark && !unheard.contains(event)
    };
    let answers = events.iter().map(|event| key(event).map(|_| is_heard(event)));
    Ok(answers.collect())
}
