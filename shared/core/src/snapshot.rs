//! The state after a commit, embedded in the commit. A cache: deleting or damaging any snapshot changes no answer.
//!
//! Equinox keeps a snapshot in a *tip* that every append rewrites, so an append costs as much as the state is large.
//! Here one commit in [`SNAPSHOT_EVERY`](crate::Aggregate::SNAPSHOT_EVERY) carries it, and nothing is rewritten.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Fingerprint, Payload, Version, limits::SNAPSHOT_BYTES_MAX};

/// A command key that a snapshot remembers, with the version after the commit that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Fingerprint, Fingerprint, Version)", into = "(Fingerprint, Fingerprint, Version)")]
pub struct RememberedKey {
    /// Actor and key, digested.
    pub identity: Fingerprint,
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// The last version of the commit.
    pub version: Version,
}

impl From<(Fingerprint, Fingerprint, Version)> for RememberedKey {
    fn from((identity, fingerprint, version): (Fingerprint, Fingerprint, Version)) -> Self {
        Self { identity, fingerprint, version }
    }
}

impl From<RememberedKey> for (Fingerprint, Fingerprint, Version) {
    fn from(key: RememberedKey) -> Self {
        (key.identity, key.fingerprint, key.version)
    }
}

/// An aggregate's state after one commit, with the command keys that came before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which shape the state has: the aggregate's `SNAPSHOT_SCHEMA`.
    pub schema: u32,
    /// The last version that the state holds.
    pub version: Version,
    /// Recent command keys, newest first.
    pub keys: Vec<RememberedKey>,
    /// The state.
    pub state: Payload,
}

/// The stored form: the snapshot's text behind a digest of it, so that a damaged one is known for what it is.
#[derive(Serialize, Deserialize)]
struct Sealed {
    sum: Fingerprint,
    body: Payload,
}

impl Snapshot {
    /// The state, when it has the wanted shape.
    #[must_use]
    pub fn state<T: DeserializeOwned>(&self, schema: u32) -> Option<T> {
        (self.schema == schema).then(|| self.state.read().ok()).flatten()
    }

    /// The stored text; none when it would be larger than [`SNAPSHOT_BYTES_MAX`].
    #[must_use]
    pub fn seal(&self) -> Option<String> {
        let body = Payload::of(self).ok()?;
        let sum = Fingerprint::of(&[body.as_str()]);
        let text = serde_json::to_string(&Sealed { sum, body }).ok()?;
        (text.len() <= SNAPSHOT_BYTES_MAX).then_some(text)
    }

    /// Reads what [`seal`](Self::seal) wrote; none when it is damaged.
    #[must_use]
    pub fn unseal(text: &str) -> Option<Self> {
        let sealed: Sealed = serde_json::from_str(text).ok()?;
        let is_whole = Fingerprint::of(&[sealed.body.as_str()]) == sealed.sum;
        is_whole.then(|| sealed.body.read().ok()).flatten()
    }
}
