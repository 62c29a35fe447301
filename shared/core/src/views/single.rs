//! Views of one aggregate: a row has a watermark for each stream that it folds.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use async_trait::async_trait;
use futures_util::future::join;
use uuid::Uuid;

use super::{
    AnyView, Extent, FoldError, Folds as _, Marked, ProjectError, SingleView, Verified,
    VerifyError,
    claims::{Span, read_claims},
    from_store::{events_of_all, folded},
    marked::Stored,
    rows::{Try, body, failed, until_undisturbed, write},
    unheard::Unheard,
    verify,
};
use crate::{
    Envelope, Ports, Row, RowKey, SchemaError, Version,
    batch::Outcome,
    measure::{GAP_REPAIRED, Part},
    replay::ReplaySource,
};

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

    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError> {
        verify::held::<V>(ports, events).await
    }

    async fn heard(
        &self,
        ports: &Ports,
        events: &[Envelope],
    ) -> Result<Vec<Option<bool>>, ProjectError> {
        verify::heard::<V>(ports, events).await
    }

    async fn verify(
        &self,
        ports: &Ports,
        history: &dyn ReplaySource,
        extent: Extent,
    ) -> Result<Verified, VerifyError> {
        verify::single::<V>(ports, history, extent).await
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
    /// The stored versions that no message had brought.
    unheard_before: Unheard,
    /// Whether the row was folded again from the store, and so must be written even if its watermarks did not change.
    is_folded_again: bool,
}

async fn attempt<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    events: &[Envelope],
) -> Result<Try, ProjectError> {
    let rows = ports.views.read(std::slice::from_ref(key));
    let (there, claims) = join(rows, read_claims(&*ports.store, events)).await;
    let (there, claims) = (there?.pop().flatten(), claims?);
    let mut opened = match open::<V>(ports, key, there, events).await {
        Ok(opened) => opened,
        Err(error) => return Ok(Try::Done(failed(error, events.len()))),
    };
    let mut stopped: BTreeMap<&str, Outcome> = BTreeMap::new();
    for span in claims.values() {
        if let Err(outcome) = advance::<V>(ports, key, &mut opened.marked, span).await {
            stopped.insert(span.stream.aggregate_type(), outcome);
        }
    }
    let Opened { mut marked, before, revision, unheard_before, is_folded_again } = opened;
    listen(&mut marked, &before, &claims, events);
    let outcomes = outcomes(&marked.watermarks, &before, &stopped, events);
    // Compare watermarks, not outcomes: closing part of a gap is progress, even if the event itself is retried or
    // parked.
    let is_same = marked.watermarks == before && marked.unheard == unheard_before;
    if is_same && !is_folded_again {
        return Ok(Try::Done(outcomes));
    }
    let indexes = V::indexes(key, &marked.row).into_iter().collect();
    let row = Row { key: key.clone(), revision, body: body(&marked)?, indexes };
    Ok(if write(ports, &[row]).await? { Try::Done(outcomes) } else { Try::Again })
}

/// Notes which versions no message has brought. A message counts only for the event that is stored.
fn listen<R>(
    marked: &mut Marked<R>,
    before: &BTreeMap<String, u64>,
    claims: &BTreeMap<String, Span<'_>>,
    events: &[Envelope],
) {
    let mut heard: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    let spans = claims.values();
    let stored: BTreeSet<_> =
        spans.flat_map(|it| it.events.iter()).flat_map(|it| it.iter()).map(id_of).collect();
    for event in events.iter().filter(|event| stored.contains(&id_of(event))) {
        let (name, version) = (event.aggregate_type.as_str(), event.version.get());
        marked.unheard.hear(name, version);
        heard.entry(name).or_default().insert(version);
    }
    for (name, last) in &marked.watermarks {
        let since = before.get(name).copied().unwrap_or(0);
        let heard = heard.remove(name.as_str()).unwrap_or_default();
        marked.unheard.add(name, (since, *last), &heard);
    }
}

/// What a message must say of the event that is stored. A forged one may have its id.
fn id_of(event: &Envelope) -> (&str, &str, Version, Uuid) {
    (&event.aggregate_type, &event.event_type, event.version, event.event_id)
}

/// The outcome of each message: applied if the row has folded its version now, once for each version. `stopped` says
/// why a stream was not folded further.
fn outcomes(
    marks: &BTreeMap<String, u64>,
    before: &BTreeMap<String, u64>,
    stopped: &BTreeMap<&str, Outcome>,
    events: &[Envelope],
) -> Vec<Outcome> {
    let mark = |marks: &BTreeMap<String, u64>, event: &Envelope| {
        marks.get(&event.aggregate_type).copied().unwrap_or(0)
    };
    let mut seen = BTreeSet::new();
    let mut outcomes = Vec::with_capacity(events.len());
    for event in events {
        let version = event.version.get();
        let is_first = seen.insert((&event.aggregate_type, version));
        outcomes.push(if version > mark(marks, event) {
            let why = stopped.get(event.aggregate_type.as_str()).cloned();
            why.unwrap_or_else(|| ProjectError::NotStored(event.version).into())
        } else if is_first && version > mark(before, event) {
            Outcome::Applied
        } else {
            Outcome::Duplicate
        });
    }
    outcomes
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
    let opened = |marked: Marked<V::Row>, before, is_folded_again| {
        let unheard_before = marked.unheard.clone();
        Opened { marked, before, revision, unheard_before, is_folded_again }
    };
    match there.map(|row| Stored::of(&row, V::SCHEMA)) {
        None => Ok(opened(Marked::empty(V::SCHEMA), BTreeMap::new(), false)),
        Some(Stored::Current(marked)) => {
            let before = marked.watermarks.clone();
            Ok(opened(marked, before, false))
        }
        Some(Stored::Outdated(header)) => {
            let mut marked = folded_again::<V>(ports, key, events).await?;
            marked.unheard = header.unheard;
            Ok(opened(marked, header.watermarks, true))
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
    for event in &events_of_all::<V>(&*ports.store, id).await? {
        apply::<V>(key, &mut marked, event)?;
    }
    Ok(marked)
}

/// Folds the stored events that the messages of one stream claim, after all earlier ones that the row has not seen.
async fn advance<V: SingleView>(
    ports: &Ports,
    key: &RowKey,
    marked: &mut Marked<V::Row>,
    span: &Span<'_>,
) -> Result<(), Outcome> {
    let mark = marked.watermark(span.stream.aggregate_type());
    if span.last.get() <= mark {
        return Ok(());
    }
    let next = Version::FIRST.plus(mark);
    if span.first > next {
        let gap = (next, Version::new(span.first.get() - 1).unwrap_or(next));
        let gap = Span::read(&*ports.store, span.stream.clone(), gap).await;
        fold_all::<V>(key, marked, &gap)?;
        let repaired = span.first.get() - next.get();
        GAP_REPAIRED.record_of(Part::View(V::NAME), i64::try_from(repaired).unwrap_or(i64::MAX));
    }
    fold_all::<V>(key, marked, span)
}

/// Folds the events of a span that the row has not seen.
fn fold_all<V: SingleView>(
    key: &RowKey,
    marked: &mut Marked<V::Row>,
    span: &Span<'_>,
) -> Result<(), Outcome> {
    for event in &**span.events.as_ref().map_err(Clone::clone)? {
        let mark = marked.watermark(&event.aggregate_type);
        if event.version.get() == mark + 1 {
            apply::<V>(key, marked, event)?;
        }
    }
    if span.is_cut() { Err(ProjectError::LongGap.into()) } else { Ok(()) }
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
