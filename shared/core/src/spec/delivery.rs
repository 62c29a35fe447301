//! Delivers the events of a spec to a view, through the real projection.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Debug, Write as _},
    future::Future,
    sync::Arc,
};

use futures_util::FutureExt as _;
use serde::de::DeserializeOwned;

use super::{
    difference::rows_differ,
    view::{Happened, Rows},
};
use crate::{
    Commit, Context, Envelope, EventStore as _, Fingerprint, Head, Ports, RowKey, StreamId,
    Version, ViewStore as _,
    batch::Outcome,
    memory::{ManualHost, MemoryStore, MemoryViews},
    views::{Across, AcrossView, AnyView, Marked, Single, SingleView},
};

/// Delivers the events in an order. Returns the view's rows, or what went wrong.
pub(super) type Run<R> = fn(&SpecEvents, &[usize], Batching) -> Result<Rows<R>, String>;

/// How many events one call of the view gets.
#[derive(Clone, Copy)]
pub(super) enum Batching {
    /// One event.
    OneByOne,
    /// All events of one row.
    AllAtOnce,
}

impl fmt::Display for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneByOne => "delivered one by one",
            Self::AllAtOnce => "delivered in one batch",
        })
    }
}

/// The events of a spec, in a store.
pub(super) struct SpecEvents {
    store: MemoryStore,
    /// The events in the order of the spec.
    events: Vec<Envelope>,
}

impl SpecEvents {
    /// Commits each event to its stream, in the order of the spec.
    pub(super) fn of(happened: &[Happened]) -> Result<Self, String> {
        let (store, mut events) = (MemoryStore::new(), Vec::new());
        let mut heads: BTreeMap<&StreamId, Head> = BTreeMap::new();
        for (number, Happened { stream, event, at }) in happened.iter().enumerate() {
            let key = format!("spec-{number}").parse();
            let key = key.map_err(|cause| format!("{cause}"))?;
            let context = Context::new(*at, key, "spec");
            let head = heads.remove(stream).unwrap_or_else(|| Head::empty(stream.clone()));
            let commit = Commit::after(&head, vec![event.clone()], context, Fingerprint::of(&[]));
            let commit = commit.map_err(|cause| cause.to_string())?;
            at_once(store.append(&commit))?.map_err(|cause| cause.to_string())?;
            events.extend(commit.envelopes());
            heads.insert(stream, commit.head());
        }
        Ok(Self { store, events })
    }

    /// One event a line.
    pub(super) fn show(&self, order: &[usize]) -> String {
        let mut text = String::new();
        for event in self.in_order(order) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "      {}", name(event));
        }
        text
    }

    fn in_order<'a>(&'a self, order: &'a [usize]) -> impl Iterator<Item = &'a Envelope> {
        order.iter().filter_map(|place| self.events.get(*place))
    }

    pub(super) fn event(&self, place: usize) -> Option<&Envelope> {
        self.events.get(place)
    }

    /// The stored commits.
    pub(super) fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn ports(&self) -> (Ports, MemoryViews) {
        let views = MemoryViews::new();
        let store = Arc::new(self.store.clone());
        let host = Arc::new(ManualHost::new());
        (Ports { store, views: Arc::new(views.clone()), host }, views)
    }
}

pub(super) fn single<V>(
    spec: &SpecEvents,
    order: &[usize],
    batching: Batching,
) -> Result<Rows<V::Row>, String>
where
    V: SingleView<Row: Debug + PartialEq>,
{
    let (ports, views) = spec.ports();
    let mut seen = BTreeSet::new();
    let mut rows = Rows::new();
    let view = Single::<V>::default();
    for (key, events) in steps(spec, order, batching, &view)? {
        let outcomes = at_once(view.project(&ports, &key, &events))?;
        for (event, outcome) in events.iter().zip(&outcomes) {
            is_settled(event, outcome, !seen.insert(event.event_id))?;
        }
        let marked: Option<Marked<V::Row>> = stored(&views, &key)?;
        let Some(marked) = marked else { continue };
        let folded = fold::<V>(spec, &key, &marked.watermarks)?;
        if folded != marked.row {
            let seen = format!("{:?}", marked.watermarks);
            let differ = rows_differ(Some(&folded), Some(&marked.row));
            return Err(format!(
                "  the row is not the fold of the versions up to {seen}\n{differ}"
            ));
        }
        rows.insert(key, marked.row);
    }
    Ok(rows)
}

/// The row as folded directly from the events up to these versions, stream by stream.
fn fold<V: SingleView>(
    spec: &SpecEvents,
    key: &RowKey,
    watermarks: &BTreeMap<String, u64>,
) -> Result<V::Row, String> {
    let mut row = V::Row::default();
    let of_row = |event: &&Envelope| matches!(V::row_of(event), Ok(Some(own)) if own == *key);
    for (aggregate_type, mark) in watermarks {
        let of_stream = spec.events.iter().filter(of_row);
        let of_stream = of_stream.filter(|event| event.aggregate_type == *aggregate_type);
        for event in of_stream.filter(|event| event.version.get() <= *mark) {
            V::apply(&mut row, event).map_err(|cause| failed(event, &cause.to_string()))?;
        }
    }
    Ok(row)
}

pub(super) fn across<V>(
    spec: &SpecEvents,
    order: &[usize],
    batching: Batching,
) -> Result<Rows<V::Row>, String>
where
    V: AcrossView<Row: Debug + PartialEq>,
{
    let (ports, views) = spec.ports();
    let mut seen = BTreeSet::new();
    let mut newest: BTreeMap<StreamId, Version> = BTreeMap::new();
    let mut rows = Rows::new();
    for (key, events) in steps(spec, order, batching, &Across::<V>::default())? {
        // A new process each time, so that the row has several parts.
        let view = Across::<V>::default();
        let outcomes = at_once(view.project(&ports, &key, &events))?;
        for (event, outcome) in events.iter().zip(&outcomes) {
            let is_first = seen.insert(event.event_id);
            is_settled(event, outcome, !is_first)?;
            // A later event of the stream makes the view count the earlier ones from the store.
            let stream = event.stream().map_err(|cause| cause.to_string())?;
            let newest = newest.entry(stream).or_insert(event.version);
            let is_late = event.version < *newest;
            *newest = event.version.max(*newest);
            if is_first && !is_late && *outcome != Outcome::Applied {
                return Err(failed(event, "its first delivery was not counted"));
            }
        }
        let row = at_once(Across::<V>::read(&views, &key))?.map_err(|cause| cause.to_string())?;
        rows.extend(row.map(|row| (key, row)));
    }
    Ok(rows)
}

/// Groups the events into calls of the view: one per row, or one per event. Events without a row key are left out.
fn steps(
    spec: &SpecEvents,
    order: &[usize],
    batching: Batching,
    view: &dyn AnyView,
) -> Result<Vec<(RowKey, Vec<Envelope>)>, String> {
    let mut alone = Vec::new();
    for event in spec.in_order(order) {
        let key = view.row_key(event).map_err(|cause| failed(event, &cause.to_string()))?;
        alone.extend(key.map(|key| (key, vec![event.clone()])));
    }
    Ok(match batching {
        Batching::OneByOne => alone,
        Batching::AllAtOnce => {
            let mut groups: BTreeMap<RowKey, Vec<Envelope>> = BTreeMap::new();
            for (key, event) in alone {
                groups.entry(key).or_default().extend(event);
            }
            groups.into_iter().collect()
        }
    })
}

fn is_settled(event: &Envelope, outcome: &Outcome, is_again: bool) -> Result<(), String> {
    match outcome {
        Outcome::Applied if is_again => Err(failed(event, "it was applied twice")),
        Outcome::Applied | Outcome::Duplicate | Outcome::Skipped => Ok(()),
        Outcome::Retry(reason) => Err(failed(event, reason)),
        Outcome::Parked(reason) => Err(failed(event, &format!("parked: {reason}"))),
    }
}

fn stored<T: DeserializeOwned>(views: &MemoryViews, key: &RowKey) -> Result<Option<T>, String> {
    let read =
        at_once(views.read(std::slice::from_ref(key)))?.map_err(|cause| cause.to_string())?;
    let row = read.into_iter().next().flatten().map(|row| row.body.read());
    row.transpose().map_err(|cause| format!("  the row cannot be read once stored: {cause}\n"))
}

pub(super) fn name(event: &Envelope) -> String {
    let Envelope { aggregate_type, aggregate_id, version, event_type, .. } = event;
    format!("{aggregate_type}#{aggregate_id} {version} {event_type}")
}

fn failed(event: &Envelope, why: &str) -> String {
    format!("  {}: {why}\n", name(event))
}

/// In-memory adapters never wait, so a spec needs no executor.
pub(super) fn at_once<F: Future>(future: F) -> Result<F::Output, String> {
    future.now_or_never().ok_or_else(|| "  an adapter in memory waited\n".to_owned())
}
