//! Generations: a view is rebuilt beside the rows that are read, and then switched to.
//!
//! A generation is a complete set of a view's rows. Readers read the live one. A rebuild fills another one from the whole
//! event store, while the projector feeds both with new events. One write makes the new generation live; the old one is
//! still fed, so that the same write leads back, until it is dropped.
//!
//! No event is lost between the two sources of a rebuild. The generation is registered before the first commit is
//! scanned, and a projector reads the register after it got its messages. So an event whose projector did not know the
//! generation was stored before the generation was registered, and the scan sees it. An event that comes both ways is
//! folded once, because the rebuild uses the code of the projector, with its watermarks and records.
//!
//! Generation 1 has the keys that views choose. The keys of generation `n` begin with `<view>@n/`.

mod erase;
mod feed;
mod fold;
mod live;
mod message;
mod page_store;
mod pointer;
mod progress;
mod rebuild;
mod steps;
mod together;
mod within;

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Serialize};

pub use erase::{EraseRows, Erased, ROWS_PER_ERASE, RowsOf, erase_all};
pub(crate) use feed::Feeds;
pub use fold::ROWS_AT_ONCE_MAX;
pub use live::{LIVE_TIME_MAX, LiveGenerations, LiveViews};
pub use message::{NotASegment, RebuildQueue, Segment};
pub use pointer::{Beside, BesideState, Generations, generations_of};
pub use progress::{RebuildProgress, SegmentState, progress_of};
pub use rebuild::{COMMITS_PER_PAGE, Rebuilder, TIME_TO_HAND_ON};
pub use steps::{DROP_AFTER, Despite, GenerationError, Plan, Step, end_drop, preview, take};
pub(crate) use together::Together;
pub use within::in_generation;

/// The number of a generation of a view, from 1. A number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(NonZeroU32);

impl Generation {
    /// The generation that a view has before its first rebuild.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The generation with this number; `None` for 0.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The next generation.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Generation {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
