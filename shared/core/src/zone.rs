//! Time zones: which calendar day a moment belongs to. Nothing here reads the system: a zone's rules arrive as data.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Explain, Timestamp};

/// The longest name of a time zone, in bytes. The longest in use has 32.
pub const ZONE_NAME_BYTES_MAX: usize = 64;

/// The name of a time zone in the IANA database, such as `Asia/Tokyo`. By default `UTC`.
///
/// ```
/// use dekigoto::ZoneName;
/// assert_eq!("Asia/Tokyo".parse::<ZoneName>()?.as_str(), "Asia/Tokyo");
/// assert_eq!(ZoneName::default().as_str(), "UTC");
/// assert!("../etc/passwd".parse::<ZoneName>().is_err());
/// # Ok::<(), dekigoto::InvalidZoneName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(inline, description = "A time zone of the IANA database, such as Asia/Tokyo.")
)]
pub struct ZoneName(#[cfg_attr(feature = "schema", schemars(with = "String"))] Cow<'static, str>);

/// The text is not a name of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time zone has a name such as UTC or Asia/Tokyo")]
pub struct InvalidZoneName;

/// A time zone with its rules: offsets, and when they change.
#[derive(Clone, Debug)]
pub struct Zone {
    name: ZoneName,
    rules: TimeZone,
}

/// The data are not the rules of a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rules of the time zone {} cannot be read: {why}", name.as_str())]
pub struct InvalidZone {
    /// The zone.
    pub name: ZoneName,
    /// Why.
    pub why: String,
}

impl ZoneName {
    /// UTC.
    pub const UTC: Self = Self(Cow::Borrowed("UTC"));

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ZoneName {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ZoneName {
    type Err = InvalidZoneName;

    /// Each part has letters, digits, `_`, `+` and `-`. So a name is also a path that stays in its folder.
    fn from_str(text: &str) -> Result<Self, InvalidZoneName> {
        let is_part = |part: &str| {
            let is_known = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'+' | b'-');
            !part.is_empty() && part.bytes().all(is_known)
        };
        if text.len() > ZONE_NAME_BYTES_MAX || !text.split('/').all(is_part) {
            return Err(InvalidZoneName);
        }
        Ok(if text == "UTC" { Self::UTC } else { Self(Cow::Owned(text.to_owned())) })
    }
}

impl Explain for InvalidZoneName {
    fn in_japanese(&self) -> Cow<'static, str> {
        "Asia/Tokyo のようなタイムゾーン名で指定してください。".into()
    }
}

impl Serialize for ZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// UTC. Needs no rules.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: ZoneName::UTC, rules: TimeZone::UTC }
    }

    /// The zone with these rules, in the format of the IANA database (TZif, RFC 9636).
    ///
    /// # Errors
    /// [`InvalidZone`] when the data have another format.
    pub fn of_rules(name: ZoneName, tzif: &[u8]) -> Result<Self, InvalidZone> {
        match TimeZone::tzif(name.as_str(), tzif) {
            Ok(rules) => Ok(Self { name, rules }),
            Err(cause) => Err(InvalidZone { name, why: cause.to_string() }),
        }
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &ZoneName {
        &self.name
    }

    /// The calendar date in this zone, such as `2026-11-23`.
    ///
    /// ```
    /// use dekigoto::{Timestamp, Zone};
    /// let at: Timestamp = "2026-11-23T23:59:00.000Z".parse()?;
    /// assert_eq!(Zone::utc().date(at), "2026-11-23");
    /// # Ok::<(), dekigoto::InvalidTimestamp>(())
    /// ```
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        self.rules.to_datetime(at.exact()).date().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_paths_elsewhere_or_hold_other_characters_are_refused() {
        for text in ["", "/", "/UTC", "UTC/", "..", "a/../b", "a//b", "Asia/Tokyo ", "Asia\\Tokyo"]
        {
            assert_eq!(text.parse::<ZoneName>(), Err(InvalidZoneName), "{text:?}");
        }
        let longest = "a".repeat(ZONE_NAME_BYTES_MAX);
        assert!(longest.parse::<ZoneName>().is_ok());
        assert!(format!("{longest}a").parse::<ZoneName>().is_err());
        for text in ["UTC", "Etc/GMT+9", "America/Argentina/Buenos_Aires", "America/Port-au-Prince"]
        {
            assert_eq!(text.parse::<ZoneName>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_data_are_no_rules() {
        let name: ZoneName = "Asia/Tokyo".parse().unwrap();
        let error = Zone::of_rules(name, b"not TZif").unwrap_err().to_string();
        assert!(error.contains("Asia/Tokyo cannot be read"), "{error}");
    }
}
