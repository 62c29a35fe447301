//! Snapshots: the state after a commit, embedded in the commit. They are a cache: losing one changes no answer.
//!
//! Equinox keeps a snapshot in a *tip* document that every append rewrites, so each append pays for the size of the
//! state. Here some commits carry it, and nothing is rewritten. It is short, so that it mostly fits the write unit that
//! its commit has begun, and then costs nothing.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Fingerprint, KeyTag, Payload, Version, limits::SNAPSHOT_BYTES_MAX};

/// Separates the parts of a sealed snapshot. No part but the last contains it.
const SEPARATOR: char = '.';

/// An aggregate's state after a commit, and the command keys before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The schema version of the state: the aggregate's `SNAPSHOT_SCHEMA`.
    pub schema: u32,
    /// The last version in the state.
    pub version: Version,
    /// The keys of the commits before this one, newest first, without a gap.
    pub keys: Vec<KeyTag>,
    /// The state as JSON.
    pub state: Payload,
}

impl Snapshot {
    /// Decodes the state; `None` when it has another schema version.
    #[must_use]
    pub fn state<T: DeserializeOwned>(&self, schema: u32) -> Option<T> {
        (self.schema == schema).then(|| self.state.read().ok()).flatten()
    }

    /// The stored text; `None` when it exceeds [`SNAPSHOT_BYTES_MAX`].
    ///
    /// A digest that reveals damage, schema, version, keys and state: `q1w2e3r4t5y6u7i82.12.AbCdEf.{"count":12}`.
    #[must_use]
    pub fn seal(&self) -> Option<String> {
        let Self { schema, version, keys, state } = self;
        let keys: String = keys.iter().map(KeyTag::as_str).collect();
        let body = format!("{schema}.{version}.{keys}.{}", state.as_str());
        let text = Fingerprint::of(&[&body]).as_str().to_owned() + &body;
        (text.len() <= SNAPSHOT_BYTES_MAX).then_some(text)
    }

    /// Reads the text of [`seal`](Self::seal); `None` when it is damaged.
    #[must_use]
    pub fn unseal(text: &str) -> Option<Self> {
        // Older code stored an object.
        if text.starts_with('{') {
            return Object::unseal(text);
        }
        let (sum, body) = text.split_at_checked(Fingerprint::CHARACTERS)?;
        if Fingerprint::of(&[body]).as_str() != sum {
            return None;
        }
        let mut parts = body.splitn(4, SEPARATOR);
        let schema = parts.next()?.parse().ok()?;
        let version = Version::new(parts.next()?.parse().ok()?)?;
        let keys = KeyTag::all_of(parts.next()?)?;
        let state = Payload::from_text(parts.next()?.to_owned()).ok()?;
        Some(Self { schema, version, keys, state })
    }
}

/// What older code stored: a sealed JSON object, with two whole digests and a version for each key.
#[derive(Deserialize)]
struct Object {
    sum: Fingerprint,
    body: Payload,
}

#[derive(Deserialize)]
struct ObjectBody {
    schema: u32,
    version: Version,
    keys: Vec<(Fingerprint, Fingerprint, Version)>,
    state: Payload,
}

impl Object {
    fn unseal(text: &str) -> Option<Snapshot> {
        let Self { sum, body } = serde_json::from_str(text).ok()?;
        if Fingerprint::of(&[body.as_str()]) != sum {
            return None;
        }
        let ObjectBody { schema, version, keys, state } = body.read().ok()?;
        let keys = keys.iter().map(|(identity, ..)| KeyTag::of(identity)).collect();
        Some(Snapshot { schema, version, keys, state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let identities = ["first", "second", "third"].map(|name| Fingerprint::of(&[name]));
        Snapshot {
            schema: 2,
            version: Version::new(12).unwrap(),
            keys: identities.iter().map(KeyTag::of).collect(),
            state: Payload::from_text(r#"{"name":"a.b","count":3}"#.to_owned()).unwrap(),
        }
    }

    #[test]
    fn a_sealed_snapshot_reads_back_unchanged() {
        for keys in [snapshot().keys, Vec::new()] {
            let snapshot = Snapshot { keys, ..snapshot() };
            assert_eq!(Snapshot::unseal(&snapshot.seal().unwrap()), Some(snapshot));
        }
    }

    #[test]
    fn a_snapshot_of_older_code_is_readable_s11() {
        let identities = ["first", "second", "third"].map(|name| Fingerprint::of(&[name]));
        let [first, second, third] = &identities;
        let body = format!(
            r#"{{"schema":2,"version":12,"keys":[["{}","{}",11],["{}","{}",10],["{}","{}",9]],"state":{}}}"#,
            first.as_str(),
            third.as_str(),
            second.as_str(),
            third.as_str(),
            third.as_str(),
            first.as_str(),
            snapshot().state.as_str()
        );
        let sum = Fingerprint::of(&[&body]);
        let text = format!(r#"{{"sum":"{}","body":{body}}}"#, sum.as_str());
        assert_eq!(Snapshot::unseal(&text), Some(snapshot()));
        assert_eq!(Snapshot::unseal(&text.replacen("12", "13", 1)), None);
    }

    #[test]
    fn damage_at_any_place_is_noticed_s11() {
        let whole = snapshot().seal().unwrap();
        for place in 0..whole.len() {
            let (before, after) = whole.split_at(place);
            assert_eq!(Snapshot::unseal(before), None, "cut at {place}");
            let other = if after.starts_with('7') { "8" } else { "7" };
            let changed = format!("{before}{other}{}", &after[1..]);
            assert_eq!(Snapshot::unseal(&changed), None, "changed at {place}");
        }
    }
}
