//! Reading every commit of a store, to rebuild what derives from them.
//!
//! A store is read in segments, side by side. Within a segment the commits of one stream come in ascending order, and
//! a stream lies in one segment, so whoever applies the pages of each segment in turn sees each stream in order.
//! Between streams there is no order.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{Commit, Corrupt, Host, ReadError, Source};

/// Where a scan of one segment goes on: after that item. Can be saved and used again in another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayPosition {
    /// The key of the last item's stream, as the store writes it.
    pub stream_key: String,
    /// The last item's ordinal.
    pub ordinal: u64,
}

/// One step of a scan.
#[derive(Clone, Debug)]
pub struct ReplayPage {
    /// The commits; possibly none, though there are more behind them.
    pub commits: Vec<Commit>,
    /// The items among them that are no commits.
    pub corrupt: Vec<Corrupt>,
    /// Where to go on; none at the segment's end.
    pub next: Option<ReplayPosition>,
}

/// Reads the whole of a store, segment by segment.
#[async_trait]
pub trait ReplaySource: Send + Sync {
    /// The next commits of segment `segment` (from 0) of `of_segments`, at most `limit` and strongly consistent.
    ///
    /// A commit that is appended while the scan is under way may or may not be seen.
    ///
    /// # Errors
    /// [`ReadError`]. An item that is no commit is none: it is in the page, so that it hides nothing that lies behind it.
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError>;
}

/// Takes what a replay reads.
#[async_trait]
pub trait ReplaySink: Send + Sync {
    /// Applies commits. Called for one page of a segment after the other, and for several segments at once.
    ///
    /// # Errors
    /// Ends the replay, which can be resumed.
    async fn apply(&self, commits: Vec<Commit>) -> Result<(), Source>;

    /// Sets an item aside that is no commit, loudly: what is built lacks it until somebody mends it. The replay goes on, and
    /// [`Progress::set_aside`] counts it.
    ///
    /// # Errors
    /// Ends the replay, which can be resumed.
    async fn set_aside(&self, corrupt: &Corrupt) -> Result<(), Source>;

    /// Keeps how far the replay is. Called once at a time, and each time with more than before. Everything before it has been applied; what comes after it may be applied again.
    ///
    /// # Errors
    /// Ends the replay, which can be resumed.
    async fn save(&self, progress: &Progress) -> Result<(), Source>;
}

/// How far a replay is. Can be saved and resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// One for each segment. Their number cannot change on the way: it says where the segments lie.
    pub segments: Vec<SegmentProgress>,
    /// Items that were set aside because they are no commits. An item may be counted again after a resumption.
    #[serde(default)]
    pub set_aside: u64,
}

/// How far a replay is in one segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SegmentProgress {
    /// At the beginning.
    Start,
    /// After that item.
    After(ReplayPosition),
    /// At the end.
    Done,
}

/// Segments that one replay may read side by side: the most that a DynamoDB scan takes is a million, and a process
/// has no use for that many.
pub const SEGMENTS_MAX: u32 = 256;

impl Progress {
    /// The beginning, in that many segments (from 1 to [`SEGMENTS_MAX`]; anything else is brought there).
    #[must_use]
    pub fn start(segments: u32) -> Self {
        let segments = usize::try_from(segments.clamp(1, SEGMENTS_MAX)).unwrap_or(1);
        Self { segments: vec![SegmentProgress::Start; segments], set_aside: 0 }
    }

    /// Whether every segment is at its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let is_done = |segment: &SegmentProgress| *segment == SegmentProgress::Done;
        self.segments.iter().all(is_done)
    }
}

/// Why a replay stopped. What had been saved can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was read could not be applied, or the progress not saved.
    #[error("the replay's sink failed")]
    Sink(#[source] Source),
}

/// How fast a replay reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Commits in one page of one segment, from 1. Memory holds one page for each segment, and no more.
    pub commits_per_page: u32,
    /// Commits in one second, over all segments; none for as fast as the store gives them.
    pub commits_per_second_max: Option<u32>,
}

/// Reads a store from wherever `progress` is to its end and gives everything to `sink`, at least once.
///
/// Stops at the first error of the store or of the sink, without having skipped anything. An item that is no commit is set
/// aside and counted, and stops nothing.
///
/// # Errors
/// [`ReplayError`]. Resume with the progress that was saved last.
pub async fn replay(
    source: &dyn ReplaySource,
    host: &dyn Host,
    sink: &dyn ReplaySink,
    progress: Progress,
    pace: Pace,
) -> Result<Progress, ReplayError> {
    let replay = Replay {
        source,
        host,
        sink,
        pace,
        started: host.monotonic(),
        shared: Mutex::new(Shared { progress, read: 0 }),
        saving: futures_util::lock::Mutex::new(()),
    };
    let of_segments = replay.segments().len();
    let segments = replay.segments().into_iter().enumerate();
    let segments = segments.map(|(place, at)| replay.segment(place, of_segments, at));
    // Built first: a lazy stream of borrowing futures is more than the compiler can prove to be `Send`.
    let segments: Vec<_> = segments.collect();
    stream::iter(segments).buffer_unordered(of_segments.max(1)).try_collect::<Vec<()>>().await?;
    Ok(replay.progress())
}

struct Replay<'a> {
    source: &'a dyn ReplaySource,
    host: &'a dyn Host,
    sink: &'a dyn ReplaySink,
    pace: Pace,
    started: Duration,
    shared: Mutex<Shared>,
    /// Held while progress is saved, so that what is saved last is the newest.
    saving: futures_util::lock::Mutex<()>,
}

struct Shared {
    progress: Progress,
    /// Commits that all segments have read.
    read: u64,
}

impl Replay<'_> {
    /// Reads one segment to its end.
    async fn segment(
        &self,
        place: usize,
        of_segments: usize,
        mut at: SegmentProgress,
    ) -> Result<(), ReplayError> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        loop {
            let after = match &at {
                SegmentProgress::Start => None,
                SegmentProgress::After(position) => Some(position),
                SegmentProgress::Done => return Ok(()),
            };
            let limit = self.pace.commits_per_page.max(1);
            let page = self.source.scan(number(place), number(of_segments), after, limit).await?;
            self.keep_pace(page.commits.len() + page.corrupt.len()).await;
            for corrupt in &page.corrupt {
                let set_aside = self.sink.set_aside(corrupt).await;
                set_aside.map_err(ReplayError::Sink)?;
            }
            if !page.commits.is_empty() {
                let applied = self.sink.apply(page.commits).await;
                applied.map_err(ReplayError::Sink)?;
            }
            at = page.next.map_or(SegmentProgress::Done, SegmentProgress::After);
            self.advance(place, at.clone(), page.corrupt.len());
            let _saving = self.saving.lock().await;
            let saved = self.sink.save(&self.progress()).await;
            saved.map_err(ReplayError::Sink)?;
        }
    }

    /// Waits until all that has been read could have been read at the wanted pace.
    async fn keep_pace(&self, commits: usize) {
        let read = {
            let mut shared = self.lock();
            let commits = u64::try_from(commits).unwrap_or(u64::MAX);
            shared.read = shared.read.saturating_add(commits);
            shared.read
        };
        let Some(per_second) = self.pace.commits_per_second_max else {
            return;
        };
        let millis = read.saturating_mul(1000) / u64::from(per_second.max(1));
        let due = self.started + Duration::from_millis(millis);
        let wait = due.saturating_sub(self.host.monotonic());
        if !wait.is_zero() {
            self.host.sleep(wait).await;
        }
    }

    fn advance(&self, place: usize, at: SegmentProgress, set_aside: usize) {
        let mut shared = self.lock();
        let set_aside = u64::try_from(set_aside).unwrap_or(u64::MAX);
        shared.progress.set_aside = shared.progress.set_aside.saturating_add(set_aside);
        if let Some(segment) = shared.progress.segments.get_mut(place) {
            *segment = at;
        }
    }

    fn segments(&self) -> Vec<SegmentProgress> {
        self.lock().progress.segments.clone()
    }

    fn progress(&self) -> Progress {
        self.lock().progress.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        // No code that holds the lock can panic half-way.
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
