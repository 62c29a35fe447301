//! Places in a partitioned log, such as a topic of Kafka. A consumer acknowledges one offset for each partition, and
//! everything from there on is delivered again.

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{Parking, Source, batch::Report};

/// A partition of a topic. Its text is `orders-0`, as Lambda names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub number: i32,
}

/// The place of one record. Its text is `orders-0@100`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The partition.
    pub partition: Partition,
    /// The record's number in the partition.
    pub offset: i64,
}

/// A text is not a place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a log, such as orders-0@100")]
pub struct NotAPlace;

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.number)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (partition, offset) = text.rsplit_once('@').ok_or(NotAPlace)?;
        let (topic, number) = partition.rsplit_once('-').ok_or(NotAPlace)?;
        let (number, offset) = (number.parse(), offset.parse());
        let partition =
            Partition { topic: topic.to_owned(), number: number.map_err(|_| NotAPlace)? };
        Ok(Self { partition, offset: offset.map_err(|_| NotAPlace)? })
    }
}

/// The first failed offset of each partition. `report` is about records whose ids are [places](Place).
///
/// ```
/// use dekigoto::{batch::Report, log::first_failures};
/// let failed = ["orders-0@7", "orders-1@3", "orders-0@5"].map(str::to_owned).to_vec();
/// let first = first_failures(&Report { failed, ..Report::default() });
/// let texts: Vec<_> = first.iter().map(|place| place.to_string()).collect();
/// assert_eq!(texts, ["orders-0@5", "orders-1@3"]);
/// ```
#[must_use]
pub fn first_failures(report: &Report) -> Vec<Place> {
    let mut first: BTreeMap<Partition, i64> = BTreeMap::new();
    for place in report.failed.iter().filter_map(|id| id.parse::<Place>().ok()) {
        let offset = first.entry(place.partition).or_insert(place.offset);
        *offset = place.offset.min(*offset);
    }
    first.into_iter().map(|(partition, offset)| Place { partition, offset }).collect()
}

/// Parks a delivered record. One of a log comes again while a record before it waits, so its place keeps it from being parked
/// more than once. The id of a message of a queue names a delivery, and says nothing of the kind.
///
/// # Errors
/// When the record may not have been parked.
pub async fn park(parking: &dyn Parking, id: &str, body: &str, reason: &str) -> Result<(), Source> {
    match id.parse::<Place>() {
        Ok(_) => parking.park_once(id, body, reason).await,
        Err(NotAPlace) => parking.park(body, reason).await,
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAPlace, Place};

    #[test]
    fn a_place_is_read_from_its_own_text() {
        // The name of a topic may contain the separators.
        for text in ["orders-0@100", "a-b@c-12@0"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for text in ["", "orders", "orders-0", "orders@1", "orders-x@1", "orders-0@x"] {
            assert_eq!(text.parse::<Place>(), Err(NotAPlace), "{text}");
        }
    }
}
