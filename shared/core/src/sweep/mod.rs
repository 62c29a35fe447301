//! The sweeper publishes commits whose stream record was lost on the way to the relay (L1).
//!
//! Once a day it reads the event store, and asks the views of one aggregate which of the recent events a message has
//! brought. A commit that none of them has heard of goes to the retry queue, from which the relay publishes it. The views
//! write this down beside their watermarks, in writes that they make anyway, so a commit costs nothing more; a sweep costs
//! one scan of the store, and one read of each row that recent events belong to.
//!
//! The sweeper keeps nothing. Its message says how far it got, so work that is cut off goes on there. A commit that is
//! published twice, because two sweepers run or its message is still on its way, changes nothing.

mod message;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use tracing::{error, info};

pub use message::{SWEEP_SEGMENTS, Sweep, SweepQueue};

use crate::{
    Commit, Envelope, Parking, Pointer, Ports, RetryQueue, Source, ViewStore,
    batch::{Delivered, Outcome, Report, take_queue},
    generations::{ROWS_AT_ONCE_MAX, TIME_TO_HAND_ON, Together, generations_of, in_generation},
    limits::BUS_BATCH_MAX,
    measure::{LOST_COMMITS, Part, SWEPT_COMMITS, SWEPT_SEGMENTS},
    replay::{ReplayPosition, ReplaySource},
    views::AnyView,
};

/// How old a commit must be. Until then its message may wait in a queue: a view's queue delivers for five hours.
pub const SWEEP_GRACE: Duration = Duration::from_secs(6 * 3600);

/// The ages that one sweep looks at, behind [`SWEEP_GRACE`]. With a sweep each day, two may fail before a commit is
/// overlooked.
pub const SWEEP_BACK: Duration = Duration::from_secs(3 * 24 * 3600);

/// Commits of one page.
pub const SWEEP_PAGE: u32 = 500;

/// Lost commits that one segment publishes. A person should look at a greater loss first: its message is parked.
pub const SWEEP_LOST_MAX: u64 = 10_000;

/// Looks for commits that nobody has published.
#[derive(Clone)]
pub struct Sweeper {
    /// The views of the service.
    pub views: Vec<Arc<dyn AnyView>>,
    /// The event store, to be read as a whole.
    pub history: Arc<dyn ReplaySource>,
    /// The stores and the host.
    pub ports: Ports,
    /// The relay's retry queue.
    pub retry: Arc<dyn RetryQueue>,
    /// Where segments are handed on.
    pub queue: Arc<dyn SweepQueue>,
    /// Where a message is parked whose segment has lost too much.
    pub parking: Arc<dyn Parking>,
    /// How old a commit must be: [`SWEEP_GRACE`].
    pub grace: Duration,
}

/// A view, with the ports of its live generation.
type Live = (Arc<dyn AnyView>, Ports);

/// What came of one page.
struct Page {
    lost: u64,
    next: Option<ReplayPosition>,
}

impl Sweeper {
    /// Begins a sweep: puts a message for each segment into the queue.
    ///
    /// # Errors
    /// If a segment may not be in the queue. Beginning again does no harm.
    pub async fn begin(&self) -> Result<(), Source> {
        for sweep in Sweep::all(self.ports.host.now(), self.grace) {
            self.queue.put(&sweep).await?;
        }
        Ok(())
    }

    /// Looks at the segments that messages name, until they are done or the time is nearly over.
    pub async fn take(
        &self,
        messages: Vec<Delivered<Sweep>>,
        time_left: impl Fn() -> Duration + Copy + Send + Sync,
    ) -> Report {
        let step = |sweeps: Vec<Sweep>| async move {
            let mut outcomes = Vec::with_capacity(sweeps.len());
            for sweep in sweeps {
                let worked = self.work(sweep, time_left).await;
                outcomes.push(worked.unwrap_or_else(|cause| Outcome::Retry(cause.to_string())));
            }
            outcomes
        };
        take_queue(&*self.ports.host, messages, Sweep::text, time_left, step).await
    }

    async fn work(
        &self,
        mut sweep: Sweep,
        time_left: impl Fn() -> Duration,
    ) -> Result<Outcome, Source> {
        let views = self.live().await?;
        let mut pages = 0;
        while sweep.lost < SWEEP_LOST_MAX {
            let left = time_left().saturating_sub(TIME_TO_HAND_ON);
            let page = {
                let page = pin!(self.page(&sweep, &views));
                match select(page, self.ports.host.alarm(left)).await {
                    Either::Left((page, _)) => Some(page?),
                    Either::Right(((), _)) => None,
                }
            };
            let Some(page) = page else { return self.hand_on(&sweep, pages).await };
            pages += 1;
            sweep.lost += page.lost;
            let Some(next) = page.next else { return Ok(done(&sweep)) };
            sweep.after = Some(next);
            if time_left() <= TIME_TO_HAND_ON {
                return self.hand_on(&sweep, pages).await;
            }
        }
        self.stop(&sweep).await
    }

    /// A message that got no further is not handed on: its deliveries count, so it does not go round for ever.
    async fn hand_on(&self, sweep: &Sweep, pages: u64) -> Result<Outcome, Source> {
        if pages == 0 {
            return Ok(Outcome::Retry("the time ran out in the first page".to_owned()));
        }
        self.queue.put(sweep).await?;
        Ok(Outcome::Applied)
    }

    /// Parks the rest of a segment that has lost more than a sweep publishes by itself. A redrive goes on.
    async fn stop(&self, sweep: &Sweep) -> Result<Outcome, Source> {
        let reason = format!("{SWEEP_LOST_MAX} commits of one segment have no stream record");
        let rest = Sweep { lost: 0, ..sweep.clone() };
        self.parking.park(&rest.text(), &reason).await?;
        Ok(Outcome::Parked(reason))
    }

    async fn live(&self) -> Result<Vec<Live>, Source> {
        let mut live = Vec::with_capacity(self.views.len());
        for view in &self.views {
            let generation = generations_of(&*self.ports.views, view.name()).await?.live;
            let views = in_generation(Arc::clone(&self.ports.views), view.name(), generation);
            live.push((Arc::clone(view), Ports { views, ..self.ports.clone() }));
        }
        Ok(live)
    }

    async fn page(&self, sweep: &Sweep, views: &[Live]) -> Result<Page, Source> {
        let Sweep { from, to, segment, of_segments, after, .. } = sweep;
        let page = self.history.scan(*segment, *of_segments, after.as_ref(), SWEEP_PAGE).await?;
        for corrupt in &page.corrupt {
            error!(%corrupt, "An item of the event table cannot be published: {corrupt}");
        }
        let read = i64::try_from(page.commits.len()).unwrap_or(i64::MAX);
        SWEPT_COMMITS.record_of(Part::Rebuild, read);
        let is_recent = |commit: &Commit| (*from..*to).contains(&commit.context().at);
        let recent: Vec<Commit> = page.commits.into_iter().filter(is_recent).collect();
        let lost = lost(recent, views).await?;
        self.publish(&lost).await?;
        Ok(Page { lost: u64::try_from(lost.len()).unwrap_or(u64::MAX), next: page.next })
    }

    async fn publish(&self, lost: &[Commit]) -> Result<(), Source> {
        let pointers: Vec<Pointer> = lost.iter().map(Pointer::to).collect();
        for batch in pointers.chunks(BUS_BATCH_MAX) {
            let answers = self.retry.put(batch).await?;
            let taken = answers.iter().filter(|answer| answer.is_ok()).count();
            LOST_COMMITS.record_of(Part::Rebuild, i64::try_from(taken).unwrap_or(i64::MAX));
            if taken != batch.len() {
                return Err(format!("the retry queue took {taken} of {}", batch.len()).into());
            }
        }
        if !pointers.is_empty() {
            let commits = pointers.len();
            error!(
                commits,
                "Commits without a stream record, which the relay publishes now: {commits}"
            );
        }
        Ok(())
    }
}

fn done(sweep: &Sweep) -> Outcome {
    let Sweep { segment, lost, .. } = sweep;
    SWEPT_SEGMENTS.record_of(Part::Rebuild, 1);
    info!(segment, lost, "A sweep of segment {segment} found {lost} lost commits");
    Outcome::Applied
}

/// The commits that no view has heard of.
async fn lost(commits: Vec<Commit>, views: &[Live]) -> Result<Vec<Commit>, Source> {
    let mut streams: BTreeMap<String, Vec<Envelope>> = BTreeMap::new();
    for commit in &commits {
        streams.entry(commit.stream().key()).or_default().extend(commit.envelopes());
    }
    let (mut heard, mut unheard) = (BTreeSet::new(), BTreeSet::new());
    for (view, ports) in views {
        let together = Arc::new(Together::new(Arc::clone(&ports.views)));
        let rows: Arc<dyn ViewStore> = together.clone();
        let ports = &Ports { views: rows, ..ports.clone() };
        let folds = |events: &&Vec<Envelope>| {
            events.first().is_some_and(|it| view.folds().contains(&it.aggregate_type.as_str()))
        };
        // Collected first, because the compiler cannot prove that a lazy stream of borrowing futures is `Send`.
        let asked: Vec<_> = streams
            .values()
            .filter(folds)
            .map(|events| async move { (events, view.heard(ports, events).await) })
            .collect();
        let mut asked = stream::iter(asked).buffer_unordered(ROWS_AT_ONCE_MAX);
        while let Some((events, answers)) = together.next(&mut asked).await {
            for (event, answer) in events.iter().zip(answers?) {
                match answer {
                    Some(true) => heard.insert(event.event_id),
                    Some(false) => unheard.insert(event.event_id),
                    None => false,
                };
            }
        }
    }
    // One view that has it is enough: the others have lost a message, which is no fault of the relay.
    let is_unheard =
        |event: Envelope| unheard.contains(&event.event_id) && !heard.contains(&event.event_id);
    let is_lost = |commit: &Commit| commit.envelopes().any(is_unheard);
    Ok(commits.into_iter().filter(is_lost).collect())
}
