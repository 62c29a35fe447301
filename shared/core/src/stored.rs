//! The storage format of a commit: the attributes of one item.
//!
//! Adapters turn [`StoredCommit`] into their own items with serde and know nothing else of the format. Attribute
//! names are short because DynamoDB bills them with every item.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    CommandKey, Commit, Context, Fingerprint, Ordinal, Payload, RecordedEvent, Snapshot, StreamId,
    Timestamp, Version,
};

/// The stored form of a commit. Unknown attributes are ignored; a missing or wrong-typed one is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCommit {
    /// The partition key: the stream.
    pub pk: String,
    /// The sort key: the ordinal.
    pub sk: u64,
    /// The version of the first event.
    pub v: u64,
    /// The time of the command, in milliseconds since 1970.
    pub at: i64,
    /// The events, as JSON text.
    pub ev: String,
    /// The command key.
    pub key: String,
    /// The request's fingerprint.
    pub fp: Fingerprint,
    /// The actor.
    pub act: String,
    /// The correlation id.
    pub cor: String,
    /// The causation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cau: Option<String>,
    /// The trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tp: Option<String>,
    /// The snapshot, sealed with a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sn: Option<String>,
}

/// A stored item is not a valid commit. The error names the item and the fault, and never a value from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stream {stream:?}, commit {ordinal:?}: {what}")]
pub struct Corrupt {
    /// The stream's key, as stored.
    pub stream: String,
    /// The ordinal, if known.
    pub ordinal: Option<u64>,
    /// The fault.
    pub what: String,
}

/// Encodes the events of a commit as JSON text.
pub(crate) struct StoredEvents;

#[derive(Serialize)]
struct EventOut<'a> {
    i: Uuid,
    t: &'a str,
    s: u32,
    p: &'a Payload,
}

#[derive(Deserialize)]
struct EventIn {
    i: Uuid,
    t: String,
    s: u32,
    p: Payload,
}

impl StoredEvents {
    pub(crate) fn text_of(events: &[RecordedEvent]) -> String {
        let events: Vec<_> = events
            .iter()
            .map(|event| EventOut {
                i: event.id,
                t: &event.event_type,
                s: event.schema_version,
                p: &event.payload,
            })
            .collect();
        // Cannot fail: strings, numbers and raw JSON always have a JSON form.
        serde_json::to_string(&events).unwrap_or_default()
    }

    fn read(text: &str) -> Result<Vec<RecordedEvent>, serde_json::Error> {
        let events: Vec<EventIn> = serde_json::from_str(text)?;
        let recorded = events.into_iter().map(|event| RecordedEvent {
            id: event.i,
            event_type: event.t,
            schema_version: event.s,
            payload: event.p,
        });
        Ok(recorded.collect())
    }
}

impl StoredCommit {
    /// The names of all attributes. An item may hold others, which only newer code knows.
    pub const ATTRIBUTES: [&'static str; 12] =
        ["pk", "sk", "v", "at", "ev", "key", "fp", "act", "cor", "cau", "tp", "sn"];
}

impl From<&Commit> for StoredCommit {
    fn from(commit: &Commit) -> Self {
        let context = commit.context().clone();
        Self {
            pk: commit.stream().key(),
            sk: commit.ordinal().get(),
            v: commit.first_version().get(),
            at: context.at.as_millis(),
            ev: StoredEvents::text_of(commit.events()),
            key: context.key.into(),
            fp: commit.fingerprint().clone(),
            act: context.actor,
            cor: context.correlation_id,
            cau: context.causation_id,
            tp: context.traceparent,
            sn: commit.snapshot().and_then(Snapshot::seal),
        }
    }
}

impl TryFrom<StoredCommit> for Commit {
    type Error = Corrupt;

    fn try_from(stored: StoredCommit) -> Result<Self, Self::Error> {
        let corrupt = stored.corrupt();
        let stream = StreamId::from_key(&stored.pk).map_err(|cause| corrupt(&cause))?;
        let ordinal = Ordinal::new(stored.sk).ok_or_else(|| corrupt(&"ordinal 0"))?;
        let first_version = Version::new(stored.v).ok_or_else(|| corrupt(&"version 0"))?;
        if stored.v < stored.sk {
            return Err(corrupt(&"fewer versions than commits before it"));
        }
        if (stored.sk == 1) != (stored.v == 1) {
            return Err(corrupt(&"the first commit, and only it, begins at version 1"));
        }
        let events = StoredEvents::read(&stored.ev)
            .map_err(|cause| corrupt(&format!("events unreadable at column {}", cause.column())))?;
        if events.is_empty() {
            return Err(corrupt(&"no events"));
        }
        let snapshot = stored.sn.as_deref().and_then(Snapshot::unseal);
        let key = CommandKey::try_from(stored.key).map_err(|cause| corrupt(&cause))?;
        let at = Timestamp::from_millis(stored.at).map_err(|cause| corrupt(&cause))?;
        let context = Context {
            at,
            key,
            actor: stored.act,
            correlation_id: stored.cor,
            causation_id: stored.cau,
            traceparent: stored.tp,
        };
        let commit =
            Self::restore(stream, ordinal, first_version, context, stored.fp, events, snapshot);
        // A damaged snapshot was dropped above. An intact one of another version comes from a bug or an intruder.
        match commit.snapshot() {
            Some(snapshot) if snapshot.version != commit.last_version() => Err(corrupt(&format!(
                "its snapshot is of version {}, not {}",
                snapshot.version,
                commit.last_version()
            ))),
            Some(_) | None => Ok(commit),
        }
    }
}

impl StoredCommit {
    fn corrupt(&self) -> impl Fn(&dyn std::fmt::Display) -> Corrupt + use<> {
        let (stream, ordinal) = (self.pk.clone(), self.sk);
        move |what| Corrupt {
            stream: stream.clone(),
            ordinal: Some(ordinal),
            what: what.to_string(),
        }
    }
}
