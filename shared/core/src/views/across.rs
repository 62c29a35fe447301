//! Views across aggregates count each event once. The record of counted events is written in the same transaction as
//! the row.

use std::{collections::BTreeMap, marker::PhantomData};

use async_trait::async_trait;
use futures_util::future::join;

use super::{
    AcrossView, AnyView, Extent, Folds as _, ProjectError, RowError, Verified, VerifyError,
    claims::{Span, read_claims},
    count::{Count, again},
    parts::{Writer, part_key},
    records::{Place, Records, counted, read},
    rows::{Try, failed, opened, until_undisturbed, write},
    verify,
};
use crate::{
    Envelope, Ports, RowKey, SchemaError, ViewError, batch::Outcome, limits::ROWS_PER_CALL_MAX,
    replay::ReplaySource,
};

/// Events that are counted together: the view's row and one record for each event's stream fit one call. A queue batch
/// of at most this size needs one transaction for each row.
pub const EVENTS_PER_WRITE_MAX: usize = ROWS_PER_CALL_MAX - 1;

/// An [`AcrossView`] as [`AnyView`].
pub struct Across<V> {
    writer: Writer,
    evidence: Evidence,
    view: PhantomData<fn() -> V>,
}

/// What the view believes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// The event store. Messages are hints.
    Store,
    /// Messages: the view has no access to the event store.
    Messages,
}

impl<V> Default for Across<V> {
    fn default() -> Self {
        Self { writer: Writer::default(), evidence: Evidence::Store, view: PhantomData }
    }
}

impl<V> Across<V> {
    /// A view of another service's events, whose event store cannot be read. It believes its messages, so only the
    /// publisher may send to its queue; and it does not notice a message that was lost.
    #[must_use]
    pub fn of_another_service() -> Self {
        Self { evidence: Evidence::Messages, ..Self::default() }
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

    /// A view of this service's own events leaves an event that it does not know to newer code, which may want it. Another
    /// service has events that no code of this one knows.
    fn row_key(&self, event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let key = V::row_of(event)?;
        if key.is_none() && self.evidence == Evidence::Store && !V::Folds::knows(event) {
            let Envelope { event_type, schema_version, .. } = event;
            return Err(SchemaError::UnknownEvent(format!("{event_type} v{schema_version}")));
        }
        Ok(key)
    }

    async fn holds(&self, ports: &Ports, events: &[Envelope]) -> Result<Vec<bool>, ProjectError> {
        counted::<V>(ports, events).await
    }

    async fn verify(
        &self,
        ports: &Ports,
        history: &dyn ReplaySource,
        extent: Extent,
    ) -> Result<Verified, VerifyError> {
        verify::across::<V>(ports, history, extent).await
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

/// A batch in which many streams get their second record writes their first records too, once.
fn too_large() -> ProjectError {
    let cause = format!("the records of these events are more than {ROWS_PER_CALL_MAX} rows");
    ViewError::Broken(cause.into()).into()
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
        let rows = read(&*ports.views, &part, &places);
        let (stored, claims) = join(rows, self.claims(ports, events)).await;
        let (mut stored, claims) = (stored?, claims?);
        let Ok((row, revision)) = opened::<V::Row>(stored.remove(&part)) else {
            // Reading the row fails while this part is damaged. Counting goes on in another part.
            self.writer.moved(&*ports.host);
            return Ok(Try::Again);
        };
        let mut count = Count::<V>::new(key, row, Records::open(stored)?);
        let mut outcomes = Vec::with_capacity(events.len());
        for (event, place) in events.iter().zip(&places) {
            let stored = claims.as_ref().map_or(Ok(event), |claims| claimed(claims, event));
            outcomes.push(stored.map_or_else(|outcome| outcome, |event| count.add(place, event)));
        }
        if claims.is_some() {
            count.add_lost(ports, events, &mut outcomes).await;
        }
        let rows = count.rows(part, revision)?;
        if rows.as_ref().is_some_and(|rows| rows.len() > ROWS_PER_CALL_MAX) {
            return Err(too_large());
        }
        if let Some(rows) = rows
            && !write(ports, &rows).await?
        {
            // Another process may use the same place.
            self.writer.moved(&*ports.host);
            return Ok(Try::Again);
        }
        // Each call is about lower versions than this one, so the calls end.
        for (other, lost) in count.elsewhere {
            for (event, outcome) in lost.iter().zip(self.project(ports, &other, &lost).await) {
                again(&event.stream()?, &outcome, events, &mut outcomes);
            }
        }
        Ok(Try::Done(outcomes))
    }

    /// What the store says of the messages. `None` if the view believes them.
    async fn claims<'a>(
        &self,
        ports: &Ports,
        events: &'a [Envelope],
    ) -> Result<Option<BTreeMap<String, Span<'a>>>, ProjectError> {
        match self.evidence {
            Evidence::Store => Ok(Some(read_claims(&*ports.store, events).await?)),
            Evidence::Messages => Ok(None),
        }
    }
}

/// The stored event that the message claims.
fn claimed<'a>(
    claims: &'a BTreeMap<String, Span<'_>>,
    event: &Envelope,
) -> Result<&'a Envelope, Outcome> {
    let key = event.stream().map_err(ProjectError::from)?.key();
    match claims.get(&key) {
        Some(span) => span.event(event.version),
        None => Err(ProjectError::NoOutcome.into()),
    }
}
