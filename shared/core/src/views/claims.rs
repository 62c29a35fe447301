//! What the store says of messages. A message is a hint: it claims that a stream has a version. Only the stored event
//! counts, so a forged message changes no row.

use std::{borrow::Cow, collections::BTreeMap};

use futures_util::{StreamExt as _, stream};

use super::{FoldError, ProjectError};
use crate::{
    Envelope, EventStore, InvalidStreamId, StreamId, Version, batch::Outcome,
    read_events::read_span,
};

/// Streams that one step reads in parallel.
pub const STREAMS_AT_ONCE_MAX: usize = 16;

/// Events of one stream that one step reads. Later deliveries read more.
pub const EVENTS_PER_READ_MAX: usize = 1000;

/// Versions of a stream, and the stored events with these versions.
pub(super) struct Span<'a> {
    pub(super) stream: StreamId,
    pub(super) first: Version,
    pub(super) last: Version,
    /// The events in order, or why they cannot be read.
    pub(super) events: Result<Cow<'a, [Envelope]>, Outcome>,
}

impl<'a> Span<'a> {
    pub(super) async fn read(
        store: &dyn EventStore,
        stream: StreamId,
        (first, last): (Version, Version),
    ) -> Self {
        let read = read_span(store, &stream, (first, last), EVENTS_PER_READ_MAX).await;
        let events = read.map_err(|error| ProjectError::from(FoldError::from(error)).into());
        Self { stream, first, last, events: events.map(Cow::Owned) }
    }

    /// The span of events that follow each other in one stream, and are known to be stored; `None` if a read of the store would
    /// not find all of them at once.
    fn of(events: &'a [Envelope]) -> Option<Self> {
        let (first, last) = (events.first()?, events.last()?);
        let is_cut = events.len() >= EVENTS_PER_READ_MAX;
        let stream = first.stream().ok().filter(|_| !is_cut)?;
        Some(Self {
            stream,
            first: first.version,
            last: last.version,
            events: Ok(Cow::Borrowed(events)),
        })
    }

    /// The stored event with this version, or the outcome of a message that claims it.
    pub(super) fn event(&self, version: Version) -> Result<&Envelope, Outcome> {
        let events = self.events.as_ref().map_err(Clone::clone)?;
        match events.iter().find(|event| event.version == version) {
            Some(event) => Ok(event),
            None if self.is_cut() => Err(ProjectError::LongGap.into()),
            None => Err(ProjectError::NotStored(version).into()),
        }
    }

    /// Whether the store may have more events of the span.
    pub(super) fn is_cut(&self) -> bool {
        self.events.as_ref().is_ok_and(|events| events.len() == EVENTS_PER_READ_MAX)
    }
}

/// What the messages claim: of each stream the versions from the first to the last that a message names.
pub(super) async fn read_claims<'a>(
    store: &dyn EventStore,
    events: &'a [Envelope],
) -> Result<BTreeMap<String, Span<'a>>, InvalidStreamId> {
    let known = if store.vouches_for(events) { known_spans(events) } else { None };
    if let Some(known) = known {
        return Ok(known);
    }
    let mut claims: BTreeMap<String, (StreamId, (Version, Version))> = BTreeMap::new();
    for event in events {
        let (stream, version) = (event.stream()?, event.version);
        let claim = claims.entry(stream.key()).or_insert((stream, (version, version)));
        claim.1 = (claim.1.0.min(version), claim.1.1.max(version));
    }
    Ok(read_spans(store, claims.into_values()).await)
}

/// The spans of events that are known to be stored; `None` if one lacks an event between.
fn known_spans(events: &[Envelope]) -> Option<BTreeMap<String, Span<'_>>> {
    let follows = |one: &Envelope, other: &Envelope| {
        other.version == one.version.plus(1)
            && other.aggregate_id == one.aggregate_id
            && other.aggregate_type == one.aggregate_type
    };
    let mut spans = BTreeMap::new();
    for span in events.chunk_by(follows).map(Span::of) {
        let span = span?;
        if spans.insert(span.stream.key(), span).is_some() {
            return None;
        }
    }
    Some(spans)
}

/// Reads spans of different streams in parallel.
pub(super) async fn read_spans(
    store: &dyn EventStore,
    spans: impl IntoIterator<Item = (StreamId, (Version, Version))>,
) -> BTreeMap<String, Span<'static>> {
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let reads: Vec<_> =
        spans.into_iter().map(|(stream, versions)| Span::read(store, stream, versions)).collect();
    let spans = stream::iter(reads).buffer_unordered(STREAMS_AT_ONCE_MAX);
    spans.map(|span| (span.stream.key(), span)).collect().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use serde_json::json;

    use super::*;
    use crate::{AppendError, Commit, ReadError, ReadFrom};

    /// A store that knows the events it is asked for, and counts the reads.
    #[derive(Default)]
    struct Page(AtomicUsize);

    #[async_trait]
    impl EventStore for Page {
        async fn append(&self, _: &Commit) -> Result<(), AppendError> {
            Ok(())
        }

        async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Vec::new())
        }

        fn vouches_for(&self, _: &[Envelope]) -> bool {
            true
        }
    }

    fn events(streams: &[(&str, std::ops::RangeInclusive<usize>)]) -> Vec<Envelope> {
        let event = |id: &str, version: usize| {
            json!({
                "eventId": uuid::Uuid::nil(), "eventType": "Added", "aggregateId": id, "aggregateType": "Tally",
                "occurredAt": "2026-11-26T12:00:00Z", "version": version, "payload": {}, "schemaVersion": 1,
                "metadata": {"correlationId": "c"},
            })
        };
        let of_stream = |(id, versions): &(&str, std::ops::RangeInclusive<usize>)| {
            versions.clone().map(|version| event(id, version)).collect::<Vec<_>>()
        };
        let all = streams.iter().flat_map(of_stream);
        all.map(|it| serde_json::from_value(it).unwrap()).collect()
    }

    /// How often the store was read for these events, and the versions of each stream that were found without it.
    async fn claimed(events: &[Envelope]) -> (usize, Vec<(u64, u64)>) {
        let page = Page::default();
        let spans = read_claims(&page, events).await.unwrap();
        let found = spans.values().map(|span| (span.first.get(), span.last.get()));
        (page.0.load(Ordering::Relaxed), found.collect())
    }

    #[tokio::test]
    async fn events_that_the_store_vouches_for_are_not_read_again() {
        let two = events(&[("a", 3..=5), ("b", 1..=1)]);
        assert_eq!(claimed(&two).await, (0, vec![(3, 5), (1, 1)]));
        let spans = read_claims(&Page::default(), &two).await.unwrap();
        assert_eq!(**spans["Tally#a"].events.as_ref().unwrap(), two[..3]);
    }

    #[tokio::test]
    async fn a_stream_with_a_hole_or_out_of_order_is_read() {
        assert_eq!(claimed(&events(&[("a", 1..=2), ("a", 4..=4)])).await.0, 1);
        assert_eq!(claimed(&events(&[("a", 2..=2), ("a", 1..=1)])).await.0, 1);
        assert_eq!(claimed(&events(&[("a", 1..=1), ("b", 1..=1), ("a", 2..=2)])).await.0, 2);
    }

    #[tokio::test]
    async fn more_events_than_one_read_returns_are_read_as_ever() {
        let many = events(&[("a", 1..=EVENTS_PER_READ_MAX)]);
        assert_eq!(claimed(&many).await.0, 1);
        assert_eq!(claimed(&many[1..]).await.0, 0);
    }
}
