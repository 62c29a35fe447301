//! How a snapshot remembers commands: a few characters for each.

use crate::Fingerprint;

/// A very short digest of a command's actor and key: the first characters of its
/// [identity](crate::Context::identity).
///
/// A snapshot remembers the commits before it by their tags, so a tag stands for the commit at its place. Different
/// commands may have equal tags (one pair in 262,144), so a tag only says which commit to read: that commit names the
/// whole key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTag(String);

impl KeyTag {
    /// Characters of base64, 6 bits each.
    const CHARACTERS: usize = 3;

    /// The tag of a command with this identity.
    #[must_use]
    pub fn of(identity: &Fingerprint) -> Self {
        Self(identity.as_str().chars().take(Self::CHARACTERS).collect())
    }

    /// The tag's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tags that were written one after the other; `None` if the text does not consist of tags.
    pub(crate) fn all_of(text: &str) -> Option<Vec<Self>> {
        let mut tags = Vec::with_capacity(text.len() / Self::CHARACTERS);
        let mut rest = text;
        while !rest.is_empty() {
            let (tag, others) = rest.split_at_checked(Self::CHARACTERS)?;
            tags.push(Self(tag.to_owned()));
            rest = others;
        }
        Some(tags)
    }
}
