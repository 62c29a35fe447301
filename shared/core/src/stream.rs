//! Stream ids, and positions in a stream: versions, ordinals and the head.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Serialize};

use crate::limits::{AGGREGATE_ID_BYTES_MAX, AGGREGATE_TYPE_BYTES_MAX};

/// Separates type and id in a store's key. A type cannot contain it, so no two streams share a key.
const KEY_SEPARATOR: &str = "#";

/// The name of a stream: the type and the id of one aggregate.
///
/// ```
/// use dekigoto::StreamId;
/// let stream = StreamId::new("Order", "0198-42")?;
/// assert_eq!(stream.key(), "Order#0198-42");
/// assert_eq!(StreamId::from_key("Order#a#b")?.aggregate_id(), "a#b");
/// assert!(StreamId::new("Or#der", "1").is_err());
/// # Ok::<(), dekigoto::InvalidStreamId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "StreamIdParts", rename_all = "camelCase")]
pub struct StreamId {
    aggregate_type: String,
    aggregate_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StreamIdParts {
    aggregate_type: String,
    aggregate_id: String,
}

impl TryFrom<StreamIdParts> for StreamId {
    type Error = InvalidStreamId;

    fn try_from(parts: StreamIdParts) -> Result<Self, Self::Error> {
        Self::new(parts.aggregate_type, parts.aggregate_id)
    }
}

/// Why a type and an id cannot name a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStreamId {
    /// The type is empty, too long, or contains `#`.
    #[error("an aggregate type is 1 to {AGGREGATE_TYPE_BYTES_MAX} bytes without '{KEY_SEPARATOR}'")]
    Type,
    /// The id is empty or too long.
    #[error("an aggregate id is 1 to {AGGREGATE_ID_BYTES_MAX} bytes")]
    Id,
}

impl StreamId {
    /// Names the stream of one aggregate.
    ///
    /// # Errors
    /// [`InvalidStreamId`] when type or id is empty or too long, or the type contains `#`.
    pub fn new(
        aggregate_type: impl Into<String>,
        aggregate_id: impl Into<String>,
    ) -> Result<Self, InvalidStreamId> {
        let (aggregate_type, aggregate_id) = (aggregate_type.into(), aggregate_id.into());
        let type_fits = (1..=AGGREGATE_TYPE_BYTES_MAX).contains(&aggregate_type.len());
        if !type_fits || aggregate_type.contains(KEY_SEPARATOR) {
            return Err(InvalidStreamId::Type);
        }
        if !(1..=AGGREGATE_ID_BYTES_MAX).contains(&aggregate_id.len()) {
            return Err(InvalidStreamId::Id);
        }
        Ok(Self { aggregate_type, aggregate_id })
    }

    /// Parses a [`key`](Self::key). The first `#` ends the type; any others belong to the id.
    ///
    /// # Errors
    /// [`InvalidStreamId`] when the key has no `#`, or a part is empty or too long.
    pub fn from_key(key: &str) -> Result<Self, InvalidStreamId> {
        let (aggregate_type, aggregate_id) =
            key.split_once(KEY_SEPARATOR).ok_or(InvalidStreamId::Type)?;
        Self::new(aggregate_type, aggregate_id)
    }

    /// The store's partition key: `<aggregateType>#<aggregateId>`.
    #[must_use]
    pub fn key(&self) -> String {
        [&*self.aggregate_type, KEY_SEPARATOR, &self.aggregate_id].concat()
    }

    /// Its type and its id.
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.aggregate_type, self.aggregate_id)
    }

    /// The aggregate type, such as `Order`.
    #[must_use]
    pub fn aggregate_type(&self) -> &str {
        &self.aggregate_type
    }

    /// The aggregate's id.
    #[must_use]
    pub fn aggregate_id(&self) -> &str {
        &self.aggregate_id
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{KEY_SEPARATOR}{}", self.aggregate_type, self.aggregate_id)
    }
}

macro_rules! position {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The first.
            pub const FIRST: Self = Self(NonZeroU64::MIN);

            /// The position with this number; `None` for 0.
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                match NonZeroU64::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// The number, from 1.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0.get()
            }

            /// The position this many places later. Saturates at 2^64 - 1.
            #[must_use]
            pub const fn plus(self, places: u64) -> Self {
                Self(self.0.saturating_add(places))
            }

            /// The position before this one; `None` before the first.
            #[must_use]
            pub const fn previous(self) -> Option<Self> {
                Self::new(self.get() - 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

position! {
    /// The 1-based, gap-free number of an event in its stream.
    Version
}
position! {
    /// The 1-based, gap-free number of a commit in its stream.
    Ordinal
}

/// The end of a stream: the next commit goes after it.
///
/// A head comes from a load or, for a new stream, from [`Head::empty`]. A commit is built from a head, so no commit can
/// leave a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    stream: StreamId,
    last: Option<(Ordinal, Version)>,
}

impl Head {
    /// The head of a stream without commits.
    #[must_use]
    pub fn empty(stream: StreamId) -> Self {
        Self { stream, last: None }
    }

    pub(crate) fn at(stream: StreamId, ordinal: Ordinal, version: Version) -> Self {
        Self { stream, last: Some((ordinal, version)) }
    }

    /// The stream.
    #[must_use]
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The newest event's version; `None` in an empty stream.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.last.map(|(_, version)| version)
    }

    /// The newest commit's ordinal; `None` in an empty stream.
    #[must_use]
    pub fn ordinal(&self) -> Option<Ordinal> {
        self.last.map(|(ordinal, _)| ordinal)
    }

    pub(crate) fn next(&self) -> (Ordinal, Version) {
        match self.last {
            None => (Ordinal::FIRST, Version::FIRST),
            Some((ordinal, version)) => (ordinal.plus(1), version.plus(1)),
        }
    }
}
