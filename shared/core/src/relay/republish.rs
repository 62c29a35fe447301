//! Publishes a time window again. Records whose retries Lambda used up are still in the event store; pointers to them go
//! through the retry queue.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tracing::error;

use super::Relay;
use crate::{
    Commit, Corrupt, Pointer, Source, Timestamp,
    limits::BUS_BATCH_MAX,
    replay::{Pace, Progress, ReplaySink, ReplaySource, replay},
};

/// Segments that are read in parallel.
pub const REPUBLISH_SEGMENTS: u32 = 4;

/// Commits that one read of a segment asks for.
pub const REPUBLISH_PAGE: u32 = 500;

/// Time that must be left to start another page.
pub const REPUBLISH_TIME_TO_STOP: Duration = Duration::from_secs(10);

/// The commits to publish again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// Commits of this time and later.
    pub from: Timestamp,
    /// Commits before this time.
    pub to: Timestamp,
    /// How far the previous call got. `None` for the first call.
    #[serde(default)]
    pub progress: Option<Progress>,
}

/// The result of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Republished {
    /// Pointers that this call put into the retry queue.
    pub pointers: u64,
    /// Items read so far that are not commits. The log names each.
    pub set_aside: u64,
    /// Why the call stopped before the end. `None` if it reached the end.
    pub stopped: Option<String>,
    /// The argument of the next call. `None` when the whole store has been read.
    pub next: Option<Window>,
}

impl Relay {
    /// Puts pointers to all commits of a time window into the retry queue, from which the relay publishes them. Reads
    /// the whole store while time is left; if it does not finish, `next` is the argument of the next call.
    ///
    /// Consumers may receive duplicates, as after any retry.
    pub async fn republish(
        &self,
        history: &dyn ReplaySource,
        window: &Window,
        time_left: impl Fn() -> Duration + Sync,
    ) -> Republished {
        let start = || Progress::start(REPUBLISH_SEGMENTS);
        let progress = window.progress.clone().unwrap_or_else(start);
        let state = Mutex::new(State { pointers: 0, progress: progress.clone() });
        let sink = Sink { relay: self, window, time_left: &time_left, state };
        let pace = Pace { commits_per_page: REPUBLISH_PAGE, commits_per_second_max: None };
        let ended = replay(history, &*self.host, &sink, progress, pace).await;
        let state = sink.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stopped = ended.err().map(|cause| match std::error::Error::source(&cause) {
            Some(deeper) => format!("{cause}: {deeper}"),
            None => cause.to_string(),
        });
        let (is_done, set_aside) = (state.progress.is_done(), state.progress.set_aside);
        let next = Window { progress: Some(state.progress), ..window.clone() };
        Republished {
            pointers: state.pointers,
            set_aside,
            stopped,
            next: (!is_done).then_some(next),
        }
    }
}

struct Sink<'a> {
    relay: &'a Relay,
    window: &'a Window,
    time_left: &'a (dyn Fn() -> Duration + Sync),
    state: Mutex<State>,
}

struct State {
    pointers: u64,
    progress: Progress,
}

impl Sink<'_> {
    fn wants(&self, commit: &Commit) -> bool {
        (self.window.from..self.window.to).contains(&commit.context().at)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ReplaySink for Sink<'_> {
    async fn apply(&self, commits: Vec<Commit>) -> Result<(), Source> {
        if (self.time_left)() < REPUBLISH_TIME_TO_STOP {
            return Err("the time ran out; call again with `next`".into());
        }
        let wanted = commits.iter().filter(|commit| self.wants(commit));
        let pointers: Vec<Pointer> = wanted.map(Pointer::to).collect();
        for batch in pointers.chunks(BUS_BATCH_MAX) {
            let answers = self.relay.retry.put(batch).await?;
            let taken = answers.iter().filter(|answer| answer.is_ok()).count();
            if taken != batch.len() {
                return Err(format!("the retry queue took {taken} of {}", batch.len()).into());
            }
            let mut state = self.lock();
            state.pointers = state.pointers.saturating_add(u64::try_from(taken).unwrap_or(0));
        }
        Ok(())
    }

    /// A corrupt item cannot be published. It is logged and counted, and the call goes on.
    async fn set_aside(&self, corrupt: &Corrupt) -> Result<(), Source> {
        error!(%corrupt, "An item of the event table cannot be published: {corrupt}");
        Ok(())
    }

    async fn save(&self, progress: &Progress) -> Result<(), Source> {
        self.lock().progress = progress.clone();
        Ok(())
    }
}
