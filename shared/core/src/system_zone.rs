//! Reads a time zone from the system's copy of the IANA database. Its owner keeps that copy up to date: on Lambda, AWS.

use std::{fs, io, path::Path};

use crate::{InvalidZone, InvalidZoneName, Zone, ZoneName};

/// Where Linux and macOS keep the database.
const ZONES: &str = "/usr/share/zoneinfo";

/// The zone cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnknownZone {
    /// The text is no name.
    #[error(transparent)]
    Name(#[from] InvalidZoneName),
    /// The system has no such zone, or its file cannot be read.
    #[error("{ZONES} has no time zone {name} ({cause})")]
    File {
        /// The zone.
        name: ZoneName,
        /// Why.
        cause: io::Error,
    },
    /// The file holds something else.
    #[error(transparent)]
    Rules(#[from] InvalidZone),
}

impl Zone {
    /// The zone with that name, with the rules that the system knows. `UTC` reads nothing.
    ///
    /// # Errors
    /// [`UnknownZone`] when the system has no such zone.
    pub fn of_system(name: &str) -> Result<Self, UnknownZone> {
        let name: ZoneName = name.parse()?;
        if name == ZoneName::UTC {
            return Ok(Self::utc());
        }
        match fs::read(Path::new(ZONES).join(name.as_str())) {
            Ok(rules) => Ok(Self::of_rules(name, &rules)?),
            Err(cause) => Err(UnknownZone::File { name, cause }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn date(zone: &str, at: &str) -> String {
        let at: Timestamp = at.parse().unwrap();
        Zone::of_system(zone).unwrap().date(at)
    }

    #[test]
    fn a_day_of_tokyo_begins_at_15_00_utc() {
        assert_eq!(date("Asia/Tokyo", "2026-11-22T14:59:59.999Z"), "2026-11-22");
        assert_eq!(date("Asia/Tokyo", "2026-11-22T15:00:00.000Z"), "2026-11-23");
        // 08:59 in Tokyo is still the day before in UTC.
        assert_eq!(date("Asia/Tokyo", "2026-11-22T23:59:00.000Z"), "2026-11-23");
        assert_eq!(date("UTC", "2026-11-22T23:59:00.000Z"), "2026-11-22");
    }

    #[test]
    fn a_day_begins_an_hour_earlier_in_summer_time() {
        assert_eq!(date("Europe/Berlin", "2026-07-01T22:00:00.000Z"), "2026-07-02");
        assert_eq!(date("Europe/Berlin", "2026-12-01T22:00:00.000Z"), "2026-12-01");
        assert_eq!(date("Europe/Berlin", "2026-12-01T23:00:00.000Z"), "2026-12-02");
        // Beyond the last change that the file lists, its rule for all later years holds.
        assert_eq!(date("Europe/Berlin", "2090-07-01T22:30:00.000Z"), "2090-07-02");
    }

    #[test]
    fn an_unknown_zone_names_what_was_looked_for_and_where() {
        let error = Zone::of_system("Asia/Atlantis").unwrap_err().to_string();
        assert!(error.contains("/usr/share/zoneinfo has no time zone Asia/Atlantis"), "{error}");
        // A folder of zones.
        assert!(Zone::of_system("Asia").is_err());
        assert!(Zone::of_system("../../etc/passwd").is_err());
    }
}
