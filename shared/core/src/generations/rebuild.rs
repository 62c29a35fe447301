//! Fills a generation from the event store: one segment at a time, page by page.
//!
//! The position behind a page is saved while the next page is folded, so work that is cut off goes on there, and a page
//! that is folded twice changes nothing. Before its time is over, a worker hands the segment on by a new message. A message
//! that is delivered twice makes two workers: one of them finds that the other is further, and ends.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, join3, select};
use uuid::Uuid;

use super::{
    BesideState, Generations, RebuildQueue, Segment, SegmentState,
    fold::{PageError, fold_page},
    generations_of, in_generation,
    progress::{Saved, SegmentRow},
};
use crate::{
    Parking, Ports, ViewError,
    batch::{Delivered, Outcome, Report, take_queue},
    measure::{Part, REBUILD_COMMITS},
    replay::{ReplayPage, ReplayPosition, ReplaySource, SegmentProgress},
    views::AnyView,
};

/// Commits of one page. Memory holds two pages for each segment that a worker has: the next one is read while one is folded.
pub const COMMITS_PER_PAGE: u32 = 500;

/// Time that must be left to go on. With less, the segment is handed on.
pub const TIME_TO_HAND_ON: Duration = Duration::from_secs(5);

/// Works on the segments of rebuilds.
#[derive(Clone)]
pub struct Rebuilder {
    /// The views of the service.
    pub views: Vec<Arc<dyn AnyView>>,
    /// The event store, to be read as a whole.
    pub history: Arc<dyn ReplaySource>,
    /// The stores and the host.
    pub ports: Ports,
    /// Where segments are handed on.
    pub queue: Arc<dyn RebuildQueue>,
    /// Where messages are parked that name no segment.
    pub parking: Arc<dyn Parking>,
}

/// The work on one segment.
struct Work<'a> {
    rebuilder: &'a Rebuilder,
    segment: Segment,
    view: Arc<dyn AnyView>,
    /// The ports of the generation.
    ports: Ports,
    worker: Uuid,
    started: Duration,
    /// Commits that this worker has read.
    read: u64,
    /// The page behind a position, read while the one before it was folded.
    ahead: Option<(ReplayPosition, ReplayPage)>,
    /// How far the segment is saved.
    row: SegmentRow,
    /// How far it is folded, if that is not saved yet.
    unsaved: Option<SegmentState>,
}

/// What came of one page.
enum Paged {
    More,
    Done,
    /// Another worker has the segment.
    Elsewhere,
}

impl Rebuilder {
    /// Works on the segments that messages name, until they are done or the time is nearly over.
    pub async fn take(
        &self,
        messages: Vec<Delivered<String>>,
        time_left: impl Fn() -> Duration + Copy + Send + Sync,
    ) -> Report {
        let group = |body: &String| body.clone();
        let step = |bodies: Vec<String>| async move {
            let outcome = match bodies.first() {
                Some(body) => self.take_one(body, time_left).await,
                None => Outcome::Skipped,
            };
            // A copy of a message was handled with the first.
            let copies = bodies.len().saturating_sub(1);
            let copy = match &outcome {
                Outcome::Retry(_) => outcome.clone(),
                Outcome::Applied | Outcome::Duplicate | Outcome::Skipped | Outcome::Parked(_) => {
                    Outcome::Duplicate
                }
            };
            std::iter::once(outcome).chain(std::iter::repeat_n(copy, copies)).collect()
        };
        take_queue(&*self.ports.host, messages, group, time_left, step).await
    }

    async fn take_one(&self, body: &str, time_left: impl Fn() -> Duration) -> Outcome {
        let segment = match Segment::from_text(body) {
            Ok(segment) => segment,
            Err(error) => {
                let reason = error.to_string();
                return match self.parking.park(body, &reason).await {
                    Ok(()) => Outcome::Parked(reason),
                    Err(cause) => Outcome::Retry(format!("{reason}; parking failed: {cause}")),
                };
            }
        };
        self.work(segment, time_left)
            .await
            .unwrap_or_else(|error| Outcome::Retry(error.to_string()))
    }

    /// Works on a segment: applied when it is done or handed on, a duplicate when it was done or another worker has it,
    /// skipped when the rebuild was given up.
    async fn work(
        &self,
        segment: Segment,
        time_left: impl Fn() -> Duration,
    ) -> Result<Outcome, PageError> {
        let Some(view) = self.views.iter().find(|it| it.name() == segment.view).cloned() else {
            return Err(PageError::Fold(format!("this code has no view called {}", segment.view)));
        };
        let views = in_generation(Arc::clone(&self.ports.views), view.name(), segment.generation);
        let host = Arc::clone(&self.ports.host);
        let ports = Ports { views, ..self.ports.clone() };
        let (worker, started) = (host.random(), host.monotonic());
        let row = SegmentRow::read(&*self.ports.views, &segment).await?;
        if is_done(&row) {
            return Ok(Outcome::Duplicate);
        }
        let (read, ahead, unsaved) = (0, None, None);
        let mut work = Work {
            rebuilder: self,
            segment,
            view,
            ports,
            worker,
            started,
            read,
            ahead,
            row,
            unsaved,
        };
        loop {
            // Asked before each page: a rebuild that was given up must not go on.
            let generations = generations_of(&*self.ports.views, &work.segment.view).await?;
            let Some(pace) = work.pace(&generations) else { return Ok(Outcome::Skipped) };
            let left = time_left().saturating_sub(TIME_TO_HAND_ON);
            let page = {
                let page = pin!(work.page(pace));
                match select(page, host.alarm(left)).await {
                    Either::Left((page, _)) => Some(page?),
                    Either::Right(((), _)) => None,
                }
            };
            match page {
                Some(Paged::Done) => return Ok(Outcome::Applied),
                Some(Paged::Elsewhere) => return Ok(Outcome::Duplicate),
                Some(Paged::More) if time_left() > TIME_TO_HAND_ON => {}
                Some(Paged::More) | None => {
                    // Before the message, because its worker ends if the position moves under it.
                    if work.save_folded().await? == Saved::Elsewhere {
                        return Ok(Outcome::Duplicate);
                    }
                    let handed_on = self.queue.put(&work.segment).await;
                    handed_on.map_err(|cause| PageError::Fold(cause.to_string()))?;
                    return Ok(Outcome::Applied);
                }
            }
        }
    }
}

/// Saves how far a segment is folded, if that is not saved yet.
async fn save(
    row: &mut SegmentRow,
    ports: &Ports,
    folded: Option<&SegmentState>,
) -> Result<Saved, ViewError> {
    let Some(folded) = folded.filter(|it| row.state.as_ref() != Some(it)) else {
        return Ok(Saved::Here);
    };
    let before = row.state.as_ref().map_or(0, |state| state.commits);
    let saved = row.save(&*ports.views, folded.clone()).await?;
    if saved == Saved::Here {
        let commits = folded.commits.saturating_sub(before);
        REBUILD_COMMITS.record_of(Part::Rebuild, i64::try_from(commits).unwrap_or(i64::MAX));
    }
    Ok(saved)
}

fn is_done(row: &SegmentRow) -> bool {
    row.state.as_ref().is_some_and(|state| state.at == SegmentProgress::Done)
}

impl Work<'_> {
    /// The pace of this segment in commits a second, or no limit. `None` if the generation is not being built.
    fn pace(&self, generations: &Generations) -> Option<Option<u64>> {
        if !generations.is_building(self.segment.generation) {
            return None;
        }
        match generations.beside.as_ref()?.state {
            BesideState::Building { commits_per_second_max, segments, .. } => {
                let of_segment = |all: u32| (u64::from(all) / u64::from(segments.max(1))).max(1);
                Some(commits_per_second_max.map(of_segment))
            }
            BesideState::Kept { .. } | BesideState::Dropping => None,
        }
    }

    /// How far the segment is folded.
    fn reached(&self) -> SegmentState {
        let reached = self.unsaved.as_ref().or(self.row.state.as_ref());
        reached.cloned().unwrap_or_else(|| SegmentState {
            at: SegmentProgress::Start,
            commits: 0,
            set_aside: 0,
            reasons: Vec::new(),
            saved_at: self.ports.host.now(),
            by: self.worker,
        })
    }

    /// Folds the next page. Meanwhile saves the position before it, and reads the page behind it.
    async fn page(&mut self, pace: Option<u64>) -> Result<Paged, PageError> {
        let mut state = self.reached();
        let after: Option<ReplayPosition> = match &state.at {
            SegmentProgress::Start => None,
            SegmentProgress::After(position) => Some(position.clone()),
            SegmentProgress::Done => return Ok(Paged::Done),
        };
        let Segment { segment, of_segments, .. } = self.segment;
        let limit = pace.map_or(COMMITS_PER_PAGE, |pace| {
            u32::try_from(pace).unwrap_or(COMMITS_PER_PAGE).clamp(1, COMMITS_PER_PAGE)
        });
        let history = &self.rebuilder.history;
        let ahead = self.ahead.take().filter(|(position, _)| Some(position) == after.as_ref());
        let ReplayPage { commits, corrupt, next } = match ahead {
            Some((_, page)) => page,
            None => history.scan(segment, of_segments, after.as_ref(), limit).await?,
        };
        let read = u64::try_from(commits.len() + corrupt.len()).unwrap_or(u64::MAX);
        for corrupt in &corrupt {
            state.note(corrupt.to_string());
        }
        let look_ahead = async {
            let position = next.clone()?;
            let page = history.scan(segment, of_segments, Some(&position), limit).await;
            // If it fails, the next page is read again, and its failure counts.
            page.ok().map(|page| (position, page))
        };
        let fold = fold_page(&*self.view, &self.ports, commits);
        let save = save(&mut self.row, &self.rebuilder.ports, self.unsaved.as_ref());
        let (ahead, saved, folded) = join3(look_ahead, save, fold).await;
        self.ahead = ahead;
        if saved? == Saved::Elsewhere {
            return Ok(Paged::Elsewhere);
        }
        for reason in folded? {
            state.note(reason);
        }
        state.commits += read;
        state.at = next.map_or(SegmentProgress::Done, SegmentProgress::After);
        (state.by, state.saved_at) = (self.worker, self.ports.host.now());
        let is_done = state.at == SegmentProgress::Done;
        self.unsaved = Some(state);
        if is_done {
            return Ok(match self.save_folded().await? {
                Saved::Here => Paged::Done,
                Saved::Elsewhere => Paged::Elsewhere,
            });
        }
        self.keep_pace(read, pace).await;
        Ok(Paged::More)
    }

    /// Saves how far the segment is folded, if that is not saved yet.
    async fn save_folded(&mut self) -> Result<Saved, ViewError> {
        save(&mut self.row, &self.rebuilder.ports, self.unsaved.as_ref()).await
    }

    /// Waits until the commits that this worker has read are within the pace.
    async fn keep_pace(&mut self, read: u64, pace: Option<u64>) {
        self.read += read;
        let Some(per_second) = pace else { return };
        let due = self.started + Duration::from_millis(self.read.saturating_mul(1000) / per_second);
        let host = &self.ports.host;
        let wait = due.saturating_sub(host.monotonic());
        if !wait.is_zero() {
            host.sleep(wait).await;
        }
    }
}
