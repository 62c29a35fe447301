//! What the store says of messages. A message is a hint: it claims that a stream has a version. Only the stored event
//! counts, so a forged message changes no row.

use std::collections::BTreeMap;

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
pub(super) struct Span {
    pub(super) stream: StreamId,
    pub(super) first: Version,
    pub(super) last: Version,
    /// The events in order, or why they cannot be read.
    pub(super) events: Result<Vec<Envelope>, Outcome>,
}

impl Span {
    pub(super) async fn read(
        store: &dyn EventStore,
        stream: StreamId,
        (first, last): (Version, Version),
    ) -> Self {
        let read = read_span(store, &stream, (first, last), EVENTS_PER_READ_MAX).await;
        let events = read.map_err(|error| ProjectError::from(FoldError::from(error)).into());
        Self { stream, first, last, events }
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

/// Reads what the messages claim: of each stream the versions from the first to the last that a message names.
pub(super) async fn read_claims(
    store: &dyn EventStore,
    events: &[Envelope],
) -> Result<BTreeMap<String, Span>, InvalidStreamId> {
    let mut claims: BTreeMap<String, (StreamId, (Version, Version))> = BTreeMap::new();
    for event in events {
        let (stream, version) = (event.stream()?, event.version);
        let claim = claims.entry(stream.key()).or_insert((stream, (version, version)));
        claim.1 = (claim.1.0.min(version), claim.1.1.max(version));
    }
    Ok(read_spans(store, claims.into_values()).await)
}

/// Reads spans of different streams in parallel.
pub(super) async fn read_spans(
    store: &dyn EventStore,
    spans: impl IntoIterator<Item = (StreamId, (Version, Version))>,
) -> BTreeMap<String, Span> {
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
    let reads: Vec<_> =
        spans.into_iter().map(|(stream, versions)| Span::read(store, stream, versions)).collect();
    let spans = stream::iter(reads).buffer_unordered(STREAMS_AT_ONCE_MAX);
    spans.map(|span| (span.stream.key(), span)).collect().await
}
