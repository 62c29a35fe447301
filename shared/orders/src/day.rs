//! A calendar day.

use std::{borrow::Cow, fmt, str::FromStr};

use dekigoto::{Explain, Timestamp, Zone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// A calendar day, written as `2026-11-23`. The text sorts as the days do.
///
/// ```
/// use dekigoto::{Explain, Timestamp, Zone};
/// use orders::Day;
/// let at: Timestamp = "2026-11-23T23:59:59.999Z".parse()?;
/// assert_eq!(Day::of(at).to_string(), "2026-11-23");
/// assert_eq!(Day::within(&Zone::utc(), at), Day::of(at));
/// assert_eq!("2026-11-23".parse::<Day>()?.days_since("2026-11-01".parse()?), 22);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Stored as the day's first moment: comparing and subtracting then need no calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(inline, description = "A calendar day, such as 2026-11-23.", extend("format" = "date"))
)]
pub struct Day(#[cfg_attr(feature = "schema", schemars(with = "String"))] Timestamp);

/// The text is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day such as 2026-11-23")]
pub struct InvalidDay;

impl Explain for InvalidDay {
    fn in_japanese(&self) -> Cow<'static, str> {
        "2026-11-23 のような実在する日付で指定してください。".into()
    }
}

impl Day {
    /// The UTC day of `at`.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let since_midnight = at.as_millis().rem_euclid(MILLIS_PER_DAY);
        let midnight = at.as_millis() - since_midnight;
        // Only the earliest day that a timestamp can express has no midnight.
        Self(Timestamp::from_millis(midnight).unwrap_or(at))
    }

    /// The day of `at` in that time zone.
    #[must_use]
    pub fn within(zone: &Zone, at: Timestamp) -> Self {
        // A date of a timestamp is always a day, except far before the first year.
        zone.date(at).parse().unwrap_or_else(|InvalidDay| Self::of(at))
    }

    /// The days from `earlier` to this day; negative if this day is before `earlier`.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0.as_millis() - earlier.0.as_millis()) / MILLIS_PER_DAY
    }

    /// The day's first moment in UTC.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.date())
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let midnight: Timestamp =
            format!("{text}T00:00:00.000Z").parse().map_err(|_| InvalidDay)?;
        // Formatting it again must give the same text: this refuses every other notation of the day.
        if midnight.date() == text { Ok(Self(midnight)) } else { Err(InvalidDay) }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_days_and_other_notations_are_refused() {
        let bad = [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "20261123",
            "2026-11-23T",
            " 2026-11-23",
            "２026-11-23",
            "+2026-11-23",
        ];
        for text in bad {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text:?}");
        }
        assert!("2028-02-29".parse::<Day>().is_ok());
    }

    #[test]
    fn days_before_1970_work() {
        let at: Timestamp = "1969-12-31T00:00:00.001Z".parse().unwrap();
        assert_eq!(Day::of(at), "1969-12-31".parse().unwrap());
    }

    #[test]
    fn a_day_is_a_string_in_json() {
        let day: Day = serde_json::from_str(r#""2026-11-23""#).unwrap();
        assert_eq!(serde_json::to_string(&day).unwrap(), r#""2026-11-23""#);
    }
}
