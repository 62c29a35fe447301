//! Specs of views, in the same words.

use std::{collections::BTreeMap, fmt::Debug};

use super::{
    delivery::{Batching, Run, SpecEvents, across, single},
    difference::{line, rows_differ},
    fail,
    permutations::orders,
};
use crate::{
    Aggregate, EventSchema as _, NewEvent, RowKey, StreamId, Timestamp,
    views::{AcrossView, SingleView},
};

/// Rows by key.
pub(super) type Rows<R> = BTreeMap<RowKey, R>;

/// An event of a view's spec, with its stream and time. Made by [`happened`].
#[derive(Clone, Debug)]
pub struct Happened {
    pub(super) stream: StreamId,
    pub(super) event: NewEvent,
    pub(super) at: Timestamp,
}

/// An event of the aggregate `A` with this id. Its time is 1970-01-01T00:00:00.000Z; change it with
/// [`at`](Happened::at).
///
/// The events of one stream get their versions in the order of the spec.
///
/// # Panics
/// When the id cannot name a stream or the event has no JSON form.
#[track_caller]
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "a spec reads better without borrowing")]
pub fn happened<A: Aggregate>(id: &str, event: A::Event) -> Happened {
    match event.encode() {
        Ok(event) => Happened::stored(A::TYPE, id, event),
        Err(cause) => fail(&format!("  the event of {id} cannot be stored: {cause}\n")),
    }
}

impl Happened {
    /// An event in its stored form, such as one of an old schema version.
    ///
    /// # Panics
    /// When type and id cannot name a stream.
    #[track_caller]
    #[must_use]
    pub fn stored(aggregate_type: &str, aggregate_id: &str, event: NewEvent) -> Self {
        match StreamId::new(aggregate_type, aggregate_id) {
            Ok(stream) => Self { stream, event, at: Timestamp::EPOCH },
            Err(cause) => fail(&format!("  {aggregate_type}#{aggregate_id}: {cause}\n")),
        }
    }

    /// Sets the time of the event.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }
}

/// A view after some events. Made by [`given_view`] and [`given_view_across`].
pub struct GivenView<R> {
    view: &'static str,
    events: Vec<Happened>,
    run: Run<R>,
}

/// A view after one more event. Made by [`GivenView::when`].
#[must_use = "a spec checks nothing without `then`"]
pub struct ProjectedView<R> {
    given: GivenView<R>,
    is_twice: bool,
    is_shuffled: bool,
}

/// Begins a spec of a view of one aggregate, after these events.
///
/// The events go through [`Single`](crate::views::Single), with all of them in a
/// [`MemoryStore`](crate::memory::MemoryStore), so gaps are repaired. After each delivery, the row must equal the fold
/// of the events up to its watermarks.
#[must_use = "a spec checks nothing without `then`"]
pub fn given_view<V>(events: impl IntoIterator<Item = Happened>) -> GivenView<V::Row>
where
    V: SingleView<Row: Debug + PartialEq>,
{
    GivenView { view: V::NAME, events: events.into_iter().collect(), run: single::<V> }
}

/// Begins a spec of a view across aggregates, after these events.
///
/// The events go through [`Across`](crate::views::Across). Each must be counted by its first delivery only.
#[must_use = "a spec checks nothing without `then`"]
pub fn given_view_across<V>(events: impl IntoIterator<Item = Happened>) -> GivenView<V::Row>
where
    V: AcrossView<Row: Debug + PartialEq>,
{
    GivenView { view: V::NAME, events: events.into_iter().collect(), run: across::<V> }
}

impl<R> GivenView<R> {
    /// Adds an event.
    pub fn when(mut self, event: Happened) -> ProjectedView<R> {
        self.events.push(event);
        ProjectedView { given: self, is_twice: false, is_shuffled: false }
    }
}

impl<R: Debug + PartialEq> ProjectedView<R> {
    /// Delivers every event twice, including the given ones.
    pub fn delivered_twice(mut self) -> Self {
        self.is_twice = true;
        self
    }

    /// Delivers all events in every order, including the given ones. More than five deliveries are tried in a seeded
    /// sample of orders. Every order must give the same rows.
    pub fn shuffled(mut self) -> Self {
        self.is_shuffled = true;
        self
    }

    /// Expects this row and no other. Returns a `GivenView` with all events, to continue the spec.
    ///
    /// # Panics
    /// When the row differs, is missing or is not the only one, in any order of delivery.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a spec reads better without borrowing")]
    pub fn then(self, expected: R) -> GivenView<R> {
        self.check(|rows| match rows.iter().next() {
            Some((_, row)) if rows.len() == 1 => {
                (*row != expected).then(|| rows_differ(Some(&expected), Some(row)))
            }
            None => Some(rows_differ(Some(&expected), None)),
            Some(_) => {
                let mut text =
                    "  expected one row, got several; `then_rows` names them\n".to_owned();
                rows.keys().for_each(|key| line(&mut text, "    + ", &name(key)));
                Some(text)
            }
        })
    }

    /// Expects these rows and no others.
    ///
    /// # Panics
    /// When a row differs, is missing or is unexpected, in any order of delivery.
    #[track_caller]
    pub fn then_rows(self, expected: impl IntoIterator<Item = (RowKey, R)>) -> GivenView<R> {
        let expected: Rows<R> = expected.into_iter().collect();
        self.check(|rows| {
            let mut keys = expected.keys().chain(rows.keys());
            let key = keys.find(|key| expected.get(key) != rows.get(key))?;
            Some(format!("  row {}\n", name(key)) + &rows_differ(expected.get(key), rows.get(key)))
        })
    }

    /// Expects that the view has no row.
    ///
    /// # Panics
    /// When it has one, in any order of delivery.
    #[track_caller]
    pub fn then_nothing(self) -> GivenView<R> {
        self.then_rows([])
    }

    /// Delivers in every order of the spec, and checks the rows of each.
    #[track_caller]
    fn check(self, is_wrong: impl Fn(&Rows<R>) -> Option<String>) -> GivenView<R> {
        let spec = match SpecEvents::of(&self.given.events) {
            Ok(spec) => spec,
            Err(why) => fail(&format!("  the events cannot be stored: {why}\n")),
        };
        let times = if self.is_twice { 2 } else { 1 };
        for order in orders(self.given.events.len(), times, self.is_shuffled) {
            for batching in [Batching::OneByOne, Batching::AllAtOnce] {
                let rows = (self.given.run)(&spec, &order, batching);
                if let Some(why) = rows.map_or_else(Some, |rows| is_wrong(&rows)) {
                    let view = self.given.view;
                    fail(&format!("  {view}, {batching}:\n{}{why}", spec.show(&order)));
                }
            }
        }
        self.given
    }
}

fn name(key: &RowKey) -> String {
    format!("{} {}", key.partition, key.sort)
}
