//! The events of one append: there whole, or not at all.

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
    /// Unique for ever.
    pub id: Uuid,
    /// The event's name.
    pub event_type: String,
    /// Which shape the payload has.
    pub schema_version: u32,
    /// The facts.
    pub payload: Payload,
}

/// The events of one append, with the place that they take in their stream.
///
/// A commit is made from a [`Head`], so it always takes the next place: ordinal and version follow without a gap.
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

/// Why these events cannot be one commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A commit holds at least one event.
    #[error("a commit holds at least one event")]
    Empty,
    /// More than [`EVENTS_PER_COMMIT_MAX`].
    #[error("{events} events in one commit; the limit is {EVENTS_PER_COMMIT_MAX}")]
    TooManyEvents {
        /// How many there are.
        events: usize,
    },
    /// One payload is larger than [`EVENT_BYTES_MAX`].
    #[error("a payload of {bytes} bytes; the limit is {EVENT_BYTES_MAX}")]
    EventTooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// All events together are larger than [`COMMIT_BYTES_MAX`].
    #[error("a commit of {bytes} bytes; the limit is {COMMIT_BYTES_MAX}")]
    TooLarge {
        /// How large they are.
        bytes: usize,
    },
    /// An actor, correlation id, causation id or trace is longer than [`METADATA_TEXT_BYTES_MAX`].
    #[error("metadata over {METADATA_TEXT_BYTES_MAX} bytes in one field")]
    MetadataTooLarge,
}

impl Commit {
    /// The commit that comes after `head`: what happened, who asked for it and why, and the fingerprint of what was asked
    /// for ([`Aggregate::fingerprint`](crate::Aggregate::fingerprint)).
    ///
    /// # Errors
    /// [`CommitError`] when the events break a limit of [`limits`](crate::limits).
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

    /// A commit as a store holds it. For adapters: everything else comes from [`Commit::after`].
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

    /// The same commit, carrying the state after it.
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

    /// Who, when, why, and under which key.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The fingerprint of what was asked for.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The events, in order.
    #[must_use]
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// The state after the commit, where it is embedded.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// The head of the stream after this commit.
    #[must_use]
    pub fn head(&self) -> Head {
        Head::at(self.stream.clone(), self.ordinal, self.last_version())
    }

    /// Whether both commits are the same append, so that finding one where the other was to go means success.
    ///
    /// All of it is compared, but for the snapshot: two commands that came with one key in one millisecond have the
    /// same event ids, and still are not the same.
    #[must_use]
    pub fn is_same_append(&self, other: &Self) -> bool {
        let parts = |commit: &Self| (commit.ordinal, commit.first_version);
        self.stream == other.stream
            && parts(self) == parts(other)
            && self.context == other.context
            && self.fingerprint == other.fingerprint
            && self.events == other.events
    }

    /// The events with their metadata, as they are published.
    pub fn envelopes(&self) -> impl Iterator<Item = Envelope> {
        let versions = std::iter::successors(Some(self.first_version), |last| Some(last.plus(1)));
        self.events.iter().zip(versions).map(|(event, version)| Envelope {
            event_id: event.id,
            event_type: event.event_type.clone(),
            aggregate_id: self.stream.aggregate_id().to_owned(),
            aggregate_type: self.stream.aggregate_type().to_owned(),
            occurred_at: self.context.at,
            version,
            payload: event.payload.clone(),
            schema_version: event.schema_version,
            metadata: Metadata::of(&self.context),
        })
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

/// A UUIDv7 whose random bits derive from stream, command and place.
///
/// It needs no randomness, so a simulation repeats exactly, and it still sorts by time. Two writers that race with
/// different commands get different ids; a repeated attempt of one command at one moment gets the same.
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
