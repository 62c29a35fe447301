//! Moments in time, to the millisecond. Nothing here reads a clock: time arrives as data.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Explain;

/// A moment in UTC with millisecond precision, written as `2026-11-23T09:00:00.123Z`.
///
/// The text has a fixed width, so text order is time order. Views use it in sort keys.
///
/// ```
/// use dekigoto::Timestamp;
/// let at: Timestamp = "2026-11-23T09:00:00.123Z".parse()?;
/// assert_eq!(at.to_string(), "2026-11-23T09:00:00.123Z");
/// assert_eq!(at.date(), "2026-11-23");
/// # Ok::<(), dekigoto::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        inline,
        description = "A moment in UTC with milliseconds, such as 2026-11-23T09:00:00.123Z.",
        extend("format" = "date-time")
    )
)]
pub struct Timestamp(#[cfg_attr(feature = "schema", schemars(with = "String"))] jiff::Timestamp);

/// The text is not an RFC 3339 moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment such as 2026-11-23T09:00:00.123Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The moment this many milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// When the moment is outside the years -9999 to 9999.
    pub fn from_millis(millis: i64) -> Result<Self, InvalidTimestamp> {
        jiff::Timestamp::from_millisecond(millis).map(Self).map_err(|_| InvalidTimestamp)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    pub(crate) const fn exact(self) -> jiff::Timestamp {
        self.0
    }

    /// The UTC date, such as `2026-11-23`.
    #[must_use]
    pub fn date(self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let exact: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Self::from_millis(exact.as_millisecond())
    }
}

impl Explain for InvalidTimestamp {
    fn in_japanese(&self) -> Cow<'static, str> {
        "2026-11-23T09:00:00.123Z のような日時で指定してください。".into()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
