//! Which versions of a stream a view has already counted.

use serde::{Deserialize, Serialize};

use crate::Version;

/// A set of versions, kept as ranges: small for ever, because versions come nearly in order.
///
/// ```
/// use dekigoto::{Version, views::Counted};
/// let mut counted = Counted::default();
/// let version = |number| Version::new(number).unwrap();
/// assert!(counted.insert(version(1)) && counted.insert(version(3)) && counted.insert(version(2)));
/// assert!(!counted.insert(version(2)));
/// assert_eq!(serde_json::to_string(&counted)?, "[[1,3]]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counted(Vec<(u64, u64)>);

impl Counted {
    /// Whether the version is in the set.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&version.get()))
    }

    /// Adds a version; false when it was there.
    pub fn insert(&mut self, version: Version) -> bool {
        if self.contains(version) {
            return false;
        }
        self.0.push((version.get(), version.get()));
        self.0.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(self.0.len());
        for (first, last) in self.0.drain(..) {
            match merged.last_mut() {
                Some(before) if before.1.saturating_add(1) >= first => {
                    before.1 = before.1.max(last)
                }
                Some(_) | None => merged.push((first, last)),
            }
        }
        self.0 = merged;
        true
    }
}
