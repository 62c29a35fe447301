//! Snapshots: the state after a commit, embedded in the commit. They are a cache: losing one changes no answer.
//!
//! Equinox keeps a snapshot in a *tip* document that every append rewrites, so each append pays for the size of the
//! state. Here one commit in [`SNAPSHOT_EVERY`](crate::Aggregate::SNAPSHOT_EVERY) carries it, and nothing is rewritten.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Fingerprint, Payload, Version, limits::SNAPSHOT_BYTES_MAX};

/// A command that a snapshot remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Fingerprint, Fingerprint, Version)", into = "(Fingerprint, Fingerprint, Version)")]
pub struct RememberedKey {
    /// The digest of actor and key.
    pub identity: Fingerprint,
    /// The digest of the request.
    pub fingerprint: Fingerprint,
    /// The last version of the command's commit.
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

/// An aggregate's state after a commit, and the command keys before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The schema version of the state: the aggregate's `SNAPSHOT_SCHEMA`.
    pub schema: u32,
    /// The last version in the state.
    pub version: Version,
    /// Recent command keys, newest first.
    pub keys: Vec<RememberedKey>,
    /// The state as JSON.
    pub state: Payload,
}

/// The stored form. The digest reveals a damaged snapshot.
#[derive(Serialize, Deserialize)]
struct Sealed {
    sum: Fingerprint,
    body: Payload,
}

impl Snapshot {
    /// Decodes the state; `None` when it has another schema version.
    #[must_use]
    pub fn state<T: DeserializeOwned>(&self, schema: u32) -> Option<T> {
        (self.schema == schema).then(|| self.state.read().ok()).flatten()
    }

    /// The stored text; `None` when it exceeds [`SNAPSHOT_BYTES_MAX`].
    #[must_use]
    pub fn seal(&self) -> Option<String> {
        let body = Payload::of(self).ok()?;
        let sum = Fingerprint::of(&[body.as_str()]);
        let text = serde_json::to_string(&Sealed { sum, body }).ok()?;
        (text.len() <= SNAPSHOT_BYTES_MAX).then_some(text)
    }

    /// Reads the text of [`seal`](Self::seal); `None` when it is damaged.
    #[must_use]
    pub fn unseal(text: &str) -> Option<Self> {
        let sealed: Sealed = serde_json::from_str(text).ok()?;
        let is_intact = Fingerprint::of(&[sealed.body.as_str()]) == sealed.sum;
        is_intact.then(|| sealed.body.read().ok()).flatten()
    }
}
