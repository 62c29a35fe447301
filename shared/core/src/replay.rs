//! Reads every commit of a store, to rebuild views.
//!
//! A store is read in parallel segments. All commits of a stream are in one segment, in ascending order, so each stream
//! is replayed in order. There is no order between streams.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::{Commit, Corrupt, Host, ReadError, Source};

/// The last item that a scan of one segment has read. It can be saved and used in another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayPosition {
    /// The stream's key, as the store writes it.
    pub stream_key: String,
    /// The commit's ordinal.
    pub ordinal: u64,
}

/// One page of a scan.
#[derive(Clone, Debug)]
pub struct ReplayPage {
    /// The commits. May be empty before the end of the segment.
    pub commits: Vec<Commit>,
    /// The items of the page that are not commits.
    pub corrupt: Vec<Corrupt>,
    /// Where to continue; `None` at the segment's end.
    pub next: Option<ReplayPosition>,
}

/// Scans a whole store, segment by segment.
#[async_trait]
pub trait ReplaySource: Send + Sync {
    /// Reads the next commits, at most `limit`, of segment `segment` (from 0) of `of_segments`. Strongly consistent.
    ///
    /// A commit that is appended during the scan may or may not be seen.
    ///
    /// # Errors
    /// [`ReadError`]. An item that is not a commit is no error: the page names it, and the commits behind it are read.
    async fn scan(
        &self,
        segment: u32,
        of_segments: u32,
        after: Option<&ReplayPosition>,
        limit: u32,
    ) -> Result<ReplayPage, ReadError>;
}

/// Receives the commits of a replay.
#[async_trait]
pub trait ReplaySink: Send + Sync {
    /// Applies one page. Called in order within a segment, and concurrently for different segments.
    ///
    /// # Errors
    /// An error ends the replay, which can be resumed.
    async fn apply(&self, commits: Vec<Commit>) -> Result<(), Source>;

    /// Sets aside an item that is not a commit, and reports it: what is built lacks it until the item is repaired. The
    /// replay continues, and [`Progress::set_aside`] counts the item.
    ///
    /// # Errors
    /// An error ends the replay, which can be resumed.
    async fn set_aside(&self, corrupt: &Corrupt) -> Result<(), Source>;

    /// Saves the progress. Calls do not overlap, and each names more than the one before. Everything up to it has been
    /// applied; a resumed replay may apply later commits again.
    ///
    /// # Errors
    /// An error ends the replay, which can be resumed.
    async fn save(&self, progress: &Progress) -> Result<(), Source>;
}

/// The progress of a replay. It can be saved and resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// One per segment. Their number must not change during a replay, because it decides which streams a segment holds.
    pub segments: Vec<SegmentProgress>,
    /// Items that were set aside because they are no commits. An item may be counted again after a resumption.
    #[serde(default)]
    pub set_aside: u64,
}

/// The progress of one segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SegmentProgress {
    /// Nothing was read.
    Start,
    /// Everything up to this item was read.
    After(ReplayPosition),
    /// The segment was read to its end.
    Done,
}

/// Segments that one replay may read in parallel. DynamoDB allows a million, which no process can use.
pub const SEGMENTS_MAX: u32 = 256;

impl Progress {
    /// A new replay in this many segments, clamped to 1..=[`SEGMENTS_MAX`].
    #[must_use]
    pub fn start(segments: u32) -> Self {
        let segments = usize::try_from(segments.clamp(1, SEGMENTS_MAX)).unwrap_or(1);
        Self { segments: vec![SegmentProgress::Start; segments], set_aside: 0 }
    }

    /// Whether every segment was read to its end.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let is_done = |segment: &SegmentProgress| *segment == SegmentProgress::Done;
        self.segments.iter().all(is_done)
    }
}

/// Why a replay stopped. It can be resumed from the saved progress.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The store could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The sink could not apply a page or save the progress.
    #[error("the replay's sink failed")]
    Sink(#[source] Source),
}

/// How fast a replay reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Commits per page, at least 1. Memory holds one page per segment.
    pub commits_per_page: u32,
    /// Commits per second over all segments; `None` for no limit.
    pub commits_per_second_max: Option<u32>,
}

/// Reads a store from `progress` to its end, and gives every commit to `sink` at least once. An item that is not a commit
/// is set aside and counted.
///
/// # Errors
/// [`ReplayError`], at the first error of the store or the sink. Nothing was skipped: resume with the saved progress.
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
    // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
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
    /// Commits read so far, over all segments.
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

    /// Waits until the commits read so far are within the pace.
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
        // Code that holds the lock cannot panic half-way.
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
