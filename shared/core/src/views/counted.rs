//! The versions of a stream that a view has counted.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::Version;

/// Versions of a stream that one record holds. Later versions go to further records, so that records stay small and a
/// write changes only one, however long the stream is.
pub const VERSIONS_PER_RECORD: u64 = 1024;

/// A record with more ranges than this, because versions were skipped, is written with one bit for each version.
const RANGES_MAX: usize = 32;

/// A set of versions. Versions usually come in order and form one range. If many are skipped, the stored form has one
/// bit for each version.
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
#[serde(try_from = "Text", into = "Text")]
pub struct Counted {
    /// The last version of each range, by its first.
    ranges: BTreeMap<u64, u64>,
    /// Whether code that knows only one record for a stream must not read it.
    is_sealed: bool,
}

/// The stored form. Older code wrote only ranges, and reads nothing else.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    /// The first and last version of each range.
    Ranges(Vec<(u64, u64)>),
    /// One bit for each version from `from` on, eight to a byte, lowest bit first. The bytes are base64.
    Bits { from: u64, bits: String },
    /// As `Ranges`, for a stream that has further records.
    Sealed { ranges: Vec<(u64, u64)> },
}

impl Counted {
    /// Seals the first record of a stream that gets a second one. Older code kept all versions in the first record: if
    /// it could read this one, it would count the versions of the further records again. So it fails, and its messages
    /// wait until the deployment has replaced it.
    pub(super) fn seal(&mut self) {
        self.is_sealed = true;
    }

    /// Whether older code cannot read the stored record.
    pub(super) fn is_sealed(&self) -> bool {
        self.is_sealed
    }

    /// Whether the version is in the set.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        let range = self.ranges.range(..=version.get()).next_back();
        range.is_some_and(|(_, last)| *last >= version.get())
    }

    /// Adds a version. Returns false if it was already in the set.
    pub fn insert(&mut self, version: Version) -> bool {
        if self.contains(version) {
            return false;
        }
        let version = version.get();
        let before = self.ranges.range(..version).next_back();
        let first =
            before.filter(|(_, last)| **last + 1 == version).map_or(version, |(first, _)| *first);
        let next = version.checked_add(1).and_then(|next| self.ranges.remove(&next));
        self.ranges.insert(first, next.unwrap_or(version));
        true
    }

    /// Adds every version from `first` to `last`. Both come after all versions in the set.
    fn push(&mut self, first: u64, last: u64) {
        match self.ranges.last_entry() {
            Some(mut range) if range.get().saturating_add(1) >= first => {
                range.insert(last.max(*range.get()));
            }
            Some(_) | None => {
                self.ranges.insert(first, last);
            }
        }
    }
}

impl From<Counted> for Text {
    fn from(Counted { ranges, is_sealed }: Counted) -> Self {
        let span = ranges.first_key_value().zip(ranges.last_key_value());
        match span {
            Some(((from, _), (_, last)))
                if ranges.len() > RANGES_MAX && last - from < VERSIONS_PER_RECORD =>
            {
                Self::Bits { from: *from, bits: STANDARD_NO_PAD.encode(bytes(*from, &ranges)) }
            }
            _ if is_sealed => Self::Sealed { ranges: ranges.into_iter().collect() },
            _ => Self::Ranges(ranges.into_iter().collect()),
        }
    }
}

/// One bit for each version from `from` on.
fn bytes(from: u64, ranges: &BTreeMap<u64, u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for version in ranges.iter().flat_map(|(first, last)| *first..=*last) {
        let place = usize::try_from(version - from).unwrap_or(usize::MAX);
        bytes.resize(bytes.len().max(place / 8 + 1), 0);
        if let Some(byte) = bytes.get_mut(place / 8) {
            *byte |= 1 << (place % 8);
        }
    }
    bytes
}

impl TryFrom<Text> for Counted {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<Self, &'static str> {
        let is_sealed = !matches!(text, Text::Ranges(_));
        let mut counted = Self { is_sealed, ..Self::default() };
        match text {
            Text::Ranges(mut ranges) | Text::Sealed { mut ranges } => {
                ranges.sort_unstable();
                ranges.into_iter().for_each(|(first, last)| counted.push(first, last));
            }
            Text::Bits { from, bits } => {
                let bytes = STANDARD_NO_PAD.decode(bits).map_err(|_| "the bits are not base64")?;
                let bits =
                    bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
                for (version, _) in (from..).zip(bits).filter(|(_, is_counted)| *is_counted) {
                    counted.push(version, version);
                }
            }
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn version(number: u64) -> Version {
        Version::new(number).unwrap()
    }

    fn text(counted: &Counted) -> String {
        serde_json::to_string(counted).unwrap()
    }

    #[test]
    fn versions_in_any_order_form_the_same_set_also_after_storing() {
        let mut seed = 1_u64;
        for holes in [1, 2, 3, 7] {
            let (mut counted, mut set) = (Counted::default(), BTreeSet::new());
            for _ in 0..600 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let number = 1 + (seed >> 40) % (VERSIONS_PER_RECORD / holes) * holes;
                assert_eq!(counted.insert(version(number)), set.insert(number));
                counted = serde_json::from_str(&text(&counted)).unwrap();
            }
            for number in 1..=VERSIONS_PER_RECORD {
                assert_eq!(counted.contains(version(number)), set.contains(&number), "{number}");
            }
            assert!(text(&counted).len() < 512, "{}", text(&counted).len());
        }
    }

    #[test]
    fn a_record_of_older_code_is_read_at_any_length_and_in_any_order() {
        let old = r#"[[3,3],[1,1],[5,9],[8,12],[100000,100001]]"#;
        let mut counted: Counted = serde_json::from_str(old).unwrap();
        assert!(counted.contains(version(10)) && !counted.contains(version(4)));
        assert!(counted.insert(version(4)) && counted.insert(version(2)));
        assert_eq!(text(&counted), "[[1,12],[100000,100001]]");
        assert!(serde_json::from_str::<Counted>(r#"{"from":1,"bits":"?"}"#).is_err());
    }

    #[test]
    fn a_sealed_record_stays_unreadable_for_older_code_whatever_is_added() {
        let is_old_form = |text: &str| serde_json::from_str::<Vec<(u64, u64)>>(text).is_ok();
        let mut counted: Counted = serde_json::from_str("[[1,3],[5,9]]").unwrap();
        assert!(!counted.is_sealed() && is_old_form(&text(&counted)));
        counted.seal();
        for number in [4, 11, 12] {
            assert!(counted.insert(version(number)));
            counted = serde_json::from_str(&text(&counted)).unwrap();
            assert!(counted.is_sealed() && !is_old_form(&text(&counted)), "{}", text(&counted));
        }
        assert_eq!(text(&counted), r#"{"ranges":[[1,9],[11,12]]}"#);
        let mut many = Counted::default();
        (1..200).step_by(2).for_each(|number| assert!(many.insert(version(number))));
        let mut many: Counted = serde_json::from_str(&text(&many)).unwrap();
        (2..200).step_by(2).for_each(|number| assert!(many.insert(version(number))));
        assert!(!is_old_form(&text(&many)), "few ranges again, and still sealed");
    }
}
