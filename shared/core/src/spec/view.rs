//! Specifications of views, in the same three words.

use std::{collections::BTreeMap, fmt::Debug};

use super::{
    delivery::{Batching, Run, Truth, across, single},
    difference::{line, rows_differ},
    fail,
    permutations::orders,
};
use crate::{
    Aggregate, EventSchema as _, NewEvent, RowKey, StreamId, Timestamp,
    views::{AcrossView, SingleView},
};

/// Rows by their keys.
pub(super) type Rows<R> = BTreeMap<RowKey, R>;

/// An event of a view's spec: what happened, in which stream, when. [`happened`] makes it.
#[derive(Clone, Debug)]
pub struct Happened {
    pub(super) stream: StreamId,
    pub(super) event: NewEvent,
    pub(super) at: Timestamp,
}

/// An event of the aggregate `A` with that id. It happened at 1970-01-01T00:00:00.000Z, unless the spec says
/// [`at`](Happened::at).
///
/// Its version follows from the spec: the events of one stream are numbered in the order in which they are written
/// down.
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
    /// An event as it is stored, perhaps by code that is years older than this.
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

    /// The same event at that moment.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }
}

/// A view with a past. [`given_view`] and [`given_view_across`] make it.
pub struct GivenView<R> {
    view: &'static str,
    events: Vec<Happened>,
    run: Run<R>,
}

/// A view that has met an event. [`GivenView::when`] makes it.
#[must_use = "a spec says nothing before `then`"]
pub struct ProjectedView<R> {
    given: GivenView<R>,
    is_twice: bool,
    is_shuffled: bool,
}

/// Begins a spec of a view of one aggregate: these events have happened.
///
/// They go through [`Single`](crate::views::Single), with a [`MemoryStore`](crate::memory::MemoryStore)
/// that holds the truth, so that gaps are repaired. After each delivery the row is compared with the fold of what its
/// watermarks say that it has seen.
#[must_use = "a spec says nothing before `then`"]
pub fn given_view<V>(events: impl IntoIterator<Item = Happened>) -> GivenView<V::Row>
where
    V: SingleView<Row: Debug + PartialEq>,
{
    GivenView { view: V::NAME, events: events.into_iter().collect(), run: single::<V> }
}

/// Begins a spec of a view across aggregates: these events have happened.
///
/// They go through [`Across`](crate::views::Across). Each event must be counted by its first delivery,
/// and by no other.
#[must_use = "a spec says nothing before `then`"]
pub fn given_view_across<V>(events: impl IntoIterator<Item = Happened>) -> GivenView<V::Row>
where
    V: AcrossView<Row: Debug + PartialEq>,
{
    GivenView { view: V::NAME, events: events.into_iter().collect(), run: across::<V> }
}

impl<R> GivenView<R> {
    /// The event that is added to them.
    pub fn when(mut self, event: Happened) -> ProjectedView<R> {
        self.events.push(event);
        ProjectedView { given: self, is_twice: false, is_shuffled: false }
    }
}

impl<R: Debug + PartialEq> ProjectedView<R> {
    /// Every event, those given included, is delivered twice.
    pub fn delivered_twice(mut self) -> Self {
        self.is_twice = true;
        self
    }

    /// The events, those given included, are delivered in every order; in a seeded sample of orders where there are
    /// more than five deliveries. Each must come to the same rows.
    pub fn shuffled(mut self) -> Self {
        self.is_shuffled = true;
        self
    }

    /// The view has this row and no other. Answers with the spec's next beginning: what is true now.
    ///
    /// # Panics
    /// When the row is another, or there is none, or there are several, in any of the orders of delivery.
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

    /// The view has these rows and no other.
    ///
    /// # Panics
    /// When a row is missing, is another or too many, in any of the orders of delivery.
    #[track_caller]
    pub fn then_rows(self, expected: impl IntoIterator<Item = (RowKey, R)>) -> GivenView<R> {
        let expected: Rows<R> = expected.into_iter().collect();
        self.check(|rows| {
            let mut keys = expected.keys().chain(rows.keys());
            let key = keys.find(|key| expected.get(key) != rows.get(key))?;
            Some(format!("  row {}\n", name(key)) + &rows_differ(expected.get(key), rows.get(key)))
        })
    }

    /// The view has no row.
    ///
    /// # Panics
    /// When it has one.
    #[track_caller]
    pub fn then_nothing(self) -> GivenView<R> {
        self.then_rows([])
    }

    /// Delivers in every order that the spec means, and looks at what comes of it.
    #[track_caller]
    fn check(self, is_wrong: impl Fn(&Rows<R>) -> Option<String>) -> GivenView<R> {
        let truth = match Truth::of(&self.given.events) {
            Ok(truth) => truth,
            Err(why) => fail(&format!("  the events cannot be stored: {why}\n")),
        };
        let times = if self.is_twice { 2 } else { 1 };
        for order in orders(self.given.events.len(), times, self.is_shuffled) {
            for batching in [Batching::OneByOne, Batching::AllAtOnce] {
                let rows = (self.given.run)(&truth, &order, batching);
                if let Some(why) = rows.map_or_else(Some, |rows| is_wrong(&rows)) {
                    let view = self.given.view;
                    fail(&format!("  {view}, {batching}:\n{}{why}", truth.show(&order)));
                }
            }
        }
        self.given
    }
}

fn name(key: &RowKey) -> String {
    format!("{} {}", key.partition, key.sort)
}
