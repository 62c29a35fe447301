//! The events of one append: stored all or none.

use std::iter::{repeat_n, successors};

use uuid::{Builder, Uuid};

use crate::{
    Context, Envelope, Fingerprint, Head, Metadata, NewEvent, Ordinal, Payload, Snapshot, StreamId,
    Version,
    limits::{COMMIT_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_PER_COMMIT_MAX, METADATA_TEXT_BYTES_MAX},
    stored::StoredEvents,
};

/// One event of a commit, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Globally unique.
    pub id: Uuid,
    /// The event's name, such as `OrderPlaced`.
    pub event_type: String,
    /// The schema version of the payload.
    pub schema_version: u32,
    /// The event's data.
    pub payload: Payload,
}

/// The events of one append, with their place in the stream.
///
/// A commit is built from a [`Head`], so it always takes the next ordinal and version and cannot leave a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    stream: StreamId,
    ordinal: Ordinal,
    first_version: Version,
    context: Context,
    fingerprint: Fingerprint,
    events: Vec<RecordedEvent>,
    snapshot: Option<Snapshot>,
}

/// Why events cannot be one commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub enum CommitError {
    /// There are no events.
    #[error("a commit holds at least one event")]
    Empty,
    /// There are more than [`EVENTS_PER_COMMIT_MAX`] events.
    #[error("{events} events in one commit; the limit is {EVENTS_PER_COMMIT_MAX}")]
    TooManyEvents { events: usize },
    /// A payload exceeds [`EVENT_BYTES_MAX`].
    #[error("a payload of {bytes} bytes; the limit is {EVENT_BYTES_MAX}")]
    EventTooLarge { bytes: usize },
    /// All events together exceed [`COMMIT_BYTES_MAX`].
    #[error("a commit of {bytes} bytes; the limit is {COMMIT_BYTES_MAX}")]
    TooLarge { bytes: usize },
    /// The actor, correlation id, causation id or trace context exceeds [`METADATA_TEXT_BYTES_MAX`].
    #[error("metadata over {METADATA_TEXT_BYTES_MAX} bytes in one field")]
    MetadataTooLarge,
}

impl Commit {
    /// The commit after `head`. The fingerprint is that of the request
    /// ([`Aggregate::fingerprint`](crate::Aggregate::fingerprint)).
    ///
    /// # Errors
    /// [`CommitError`] when the events exceed one of the [`limits`](crate::limits).
    pub fn after(
        head: &Head,
        events: Vec<NewEvent>,
        context: Context,
        fingerprint: Fingerprint,
    ) -> Result<Self, CommitError> {
        let (ordinal, first_version) = head.next();
        let stream = head.stream().clone();
        let events = events.into_iter().enumerate().map(|(place, event)| RecordedEvent {
            id: event_id(&stream, &context, place),
            event_type: event.event_type,
            schema_version: event.schema_version,
            payload: event.payload,
        });
        let events = events.collect();
        let snapshot = None;
        let commit =
            Self { stream, ordinal, first_version, context, fingerprint, events, snapshot };
        commit.check_limits()?;
        Ok(commit)
    }

    /// A commit that was read from a store. New commits come from [`Commit::after`].
    pub(crate) fn restore(
        stream: StreamId,
        ordinal: Ordinal,
        first_version: Version,
        context: Context,
        fingerprint: Fingerprint,
        events: Vec<RecordedEvent>,
        snapshot: Option<Snapshot>,
    ) -> Self {
        Self { stream, ordinal, first_version, context, fingerprint, events, snapshot }
    }

    /// Adds the snapshot of the state after this commit.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Option<Snapshot>) -> Self {
        self.snapshot = snapshot;
        self
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The commit's number in its stream.
    #[must_use]
    pub fn ordinal(&self) -> Ordinal {
        self.ordinal
    }

    /// The version of the first event.
    #[must_use]
    pub fn first_version(&self) -> Version {
        self.first_version
    }

    /// The version of the last event.
    #[must_use]
    pub fn last_version(&self) -> Version {
        let after_first = self.events.len().saturating_sub(1);
        self.first_version.plus(u64::try_from(after_first).unwrap_or(u64::MAX))
    }

    /// Who sent the command, when, why, and under which key.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The fingerprint of the request.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The events, in order.
    #[must_use]
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// The snapshot, if this commit carries one.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// The head of the stream after this commit.
    #[must_use]
    pub fn head(&self) -> Head {
        Head::at(self.stream.clone(), self.ordinal, self.last_version())
    }

    /// Whether both are the same append. Finding the same append at a commit's place means that the commit is stored.
    ///
    /// Compares everything but the snapshot: two different commands with one key in one millisecond have equal event
    /// ids.
    #[must_use]
    pub fn is_same_append(&self, other: &Self) -> bool {
        let parts = |commit: &Self| (commit.ordinal, commit.first_version);
        self.stream == other.stream
            && parts(self) == parts(other)
            && self.context == other.context
            && self.fingerprint == other.fingerprint
            && self.events == other.events
    }

    /// The events with their metadata, ready to publish.
    pub fn envelopes(&self) -> impl Iterator<Item = Envelope> {
        self.events.iter().zip(self.versions()).map(|(event, version)| {
            envelope(event.clone(), version, self.stream.clone(), self.context.clone())
        })
    }

    /// As [`envelopes`](Self::envelopes), of a commit that nobody needs any more: what one event has is not copied.
    pub fn into_envelopes(self) -> impl Iterator<Item = Envelope> {
        let versions = self.versions();
        // The last one takes the original.
        let shared = repeat_n((self.stream, self.context), self.events.len());
        self.events
            .into_iter()
            .zip(versions)
            .zip(shared)
            .map(|((event, version), (stream, context))| envelope(event, version, stream, context))
    }

    /// The versions of the events.
    fn versions(&self) -> impl Iterator<Item = Version> + use<> {
        successors(Some(self.first_version), |last| Some(last.plus(1)))
    }

    fn check_limits(&self) -> Result<(), CommitError> {
        if self.events.is_empty() {
            return Err(CommitError::Empty);
        }
        if self.events.len() > EVENTS_PER_COMMIT_MAX {
            return Err(CommitError::TooManyEvents { events: self.events.len() });
        }
        let sizes = self.events.iter().map(|event| event.payload.as_str().len());
        if let Some(bytes) = sizes.max().filter(|bytes| *bytes > EVENT_BYTES_MAX) {
            return Err(CommitError::EventTooLarge { bytes });
        }
        let bytes = StoredEvents::text_of(&self.events).len();
        if bytes > COMMIT_BYTES_MAX {
            return Err(CommitError::TooLarge { bytes });
        }
        if !self.context.is_bounded() {
            return Err(CommitError::MetadataTooLarge);
        }
        Ok(())
    }
}

fn envelope(
    event: RecordedEvent,
    version: Version,
    stream: StreamId,
    context: Context,
) -> Envelope {
    let (aggregate_type, aggregate_id) = stream.into_parts();
    Envelope {
        event_id: event.id,
        event_type: event.event_type,
        aggregate_id,
        aggregate_type,
        occurred_at: context.at,
        version,
        payload: event.payload,
        schema_version: event.schema_version,
        metadata: Metadata::of(context),
    }
}

/// A UUIDv7 whose random bits derive from stream, actor, key and the event's place in the commit.
///
/// It sorts by time and needs no randomness, so a simulation repeats exactly. Racing commands get different ids; a
/// repeated attempt of one command at one moment gets the same ids.
fn event_id(stream: &StreamId, context: &Context, place: usize) -> Uuid {
    let name = format!("{stream}\n{}\n{}\n{place}", context.actor, context.key);
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    let millis = u64::try_from(context.at.as_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
