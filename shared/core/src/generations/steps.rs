//! The steps of a rebuild: begin, switch, roll back, drop. Each is one write of the register.

use std::time::Duration;

use super::{
    Beside, BesideState, Generation, Generations, RebuildProgress, pointer::Registered, progress_of,
};
use crate::{Timestamp, ViewError, ViewStore, replay::SEGMENTS_MAX};

/// How long a generation is kept after another one became live. By then no reader goes on with it.
pub const DROP_AFTER: Duration = Duration::from_secs(60);

const _: () = assert!(DROP_AFTER.as_secs() > 10 * super::LIVE_TIME_MAX.as_secs());

/// How to rebuild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Parts of the event store that are scanned side by side, clamped to 1..=[`SEGMENTS_MAX`].
    pub segments: u32,
    /// Commits a second over all segments; `None` for no limit.
    pub commits_per_second_max: Option<u32>,
}

/// Whether to switch to a generation that lacks events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Despite {
    /// No.
    Nothing,
    /// Yes: the events that were set aside are known.
    Gaps,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Registers the next generation. From now on it is fed with new events.
    Begin(Plan),
    /// Makes the finished generation live, and keeps the other one for a rollback. After a rollback, switches forth again.
    Switch(Despite),
    /// Makes the generation live that was live before. It was fed all the time, so it lacks nothing.
    RollBack,
    /// Stops feeding the generation beside the live one, so that its rows can be erased. This also gives a rebuild up.
    Drop,
}

/// Why a step is refused.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The view store failed.
    #[error(transparent)]
    Store(#[from] ViewError),
    /// A rebuild is under way.
    #[error("generation {generation} is being built since {since}; watch it, or drop it first")]
    UnderWay {
        /// Which.
        generation: Generation,
        /// Since when.
        since: Timestamp,
    },
    /// The generation before is still kept.
    #[error("generation {generation} is kept for a rollback; drop it first")]
    Kept {
        /// Which.
        generation: Generation,
    },
    /// A generation is being dropped.
    #[error(
        "generation {generation} is being dropped; let that end first, by the same command again"
    )]
    Dropping {
        /// Which.
        generation: Generation,
    },
    /// There is only the live generation.
    #[error("there is only generation {live}, which is live; rebuild the view first")]
    NothingBeside {
        /// The live one.
        live: Generation,
    },
    /// Nothing was switched yet.
    #[error(
        "generation {generation} is not live yet, so nothing has to be rolled back; to give it up, drop it"
    )]
    NotSwitched {
        /// The one that is built.
        generation: Generation,
    },
    /// The rebuild has not read the whole store.
    #[error(
        "{} of {} segments of generation {generation} are finished; wait for the rebuild to end",
        progress.done, progress.segments
    )]
    Unfinished {
        /// Which.
        generation: Generation,
        /// How far it is.
        progress: Box<RebuildProgress>,
    },
    /// Events could not be folded.
    #[error(
        "generation {generation} lacks {} events that could not be folded, such as: {}; mend the cause and rebuild again, \
         or accept the gaps", progress.set_aside, progress.reasons.join("; ")
    )]
    Gaps {
        /// Which.
        generation: Generation,
        /// Which reasons.
        progress: Box<RebuildProgress>,
    },
    /// A reader may still go on with the generation.
    #[error("generation {generation} was live a moment ago; drop it in {} seconds", wait.as_secs() + 1)]
    TooSoon {
        /// Which.
        generation: Generation,
        /// For how long.
        wait: Duration,
    },
    /// Somebody else changed the generations at the same time.
    #[error(
        "somebody else changed the generations at the same time; look at them, and repeat the command"
    )]
    Changed,
}

/// What the generations of a view would be after a step. Changes nothing.
///
/// # Errors
/// [`GenerationError`].
pub async fn preview(
    views: &dyn ViewStore,
    view: &str,
    step: Step,
    now: Timestamp,
) -> Result<Generations, GenerationError> {
    let registered = Registered::read(views, view).await?;
    after(views, view, &registered.generations, step, now).await
}

/// Takes a step.
///
/// # Errors
/// [`GenerationError`]; nothing is changed then.
pub async fn take(
    views: &dyn ViewStore,
    view: &str,
    step: Step,
    now: Timestamp,
) -> Result<Generations, GenerationError> {
    let registered = Registered::read(views, view).await?;
    let next = after(views, view, &registered.generations, step, now).await?;
    replaced(registered, views, next).await
}

/// Forgets a generation whose rows are erased.
///
/// # Errors
/// [`GenerationError`]; nothing is changed then.
pub async fn end_drop(views: &dyn ViewStore, view: &str) -> Result<Generations, GenerationError> {
    let registered = Registered::read(views, view).await?;
    match &registered.generations.beside {
        Some(Beside { state: BesideState::Dropping, .. }) => {}
        Some(_) => return Err(GenerationError::Changed),
        None => return Ok(registered.generations),
    }
    let next = Generations { beside: None, ..registered.generations.clone() };
    replaced(registered, views, next).await
}

async fn replaced(
    registered: Registered,
    views: &dyn ViewStore,
    next: Generations,
) -> Result<Generations, GenerationError> {
    if registered.generations == next || registered.replace(views, &next).await? {
        Ok(next)
    } else {
        Err(GenerationError::Changed)
    }
}

async fn after(
    views: &dyn ViewStore,
    view: &str,
    generations: &Generations,
    step: Step,
    now: Timestamp,
) -> Result<Generations, GenerationError> {
    match step {
        Step::Begin(plan) => begun(generations, plan, now),
        Step::Switch(despite) => {
            let generation = finished(views, view, generations, despite).await?;
            Ok(swapped(generations, generation, now))
        }
        Step::RollBack => {
            let Beside { generation, state } = beside(generations)?;
            match state {
                BesideState::Kept { .. } => Ok(swapped(generations, generation, now)),
                BesideState::Building { .. } => Err(GenerationError::NotSwitched { generation }),
                BesideState::Dropping => Err(GenerationError::Dropping { generation }),
            }
        }
        Step::Drop => dropping(generations, now),
    }
}

fn begun(
    Generations { live, beside, newest }: &Generations,
    plan: Plan,
    now: Timestamp,
) -> Result<Generations, GenerationError> {
    if let Some(Beside { generation, state }) = beside.clone() {
        return Err(match state {
            BesideState::Building { since, .. } => GenerationError::UnderWay { generation, since },
            BesideState::Kept { .. } => GenerationError::Kept { generation },
            BesideState::Dropping => GenerationError::Dropping { generation },
        });
    }
    let generation = newest.next();
    let state = BesideState::Building {
        segments: plan.segments.clamp(1, SEGMENTS_MAX),
        commits_per_second_max: plan.commits_per_second_max,
        since: now,
    };
    let beside = Some(Beside { generation, state });
    Ok(Generations { live: *live, beside, newest: generation })
}

/// The generation that can be switched to.
async fn finished(
    views: &dyn ViewStore,
    view: &str,
    generations: &Generations,
    despite: Despite,
) -> Result<Generation, GenerationError> {
    let Beside { generation, state } = beside(generations)?;
    let segments = match state {
        BesideState::Building { segments, .. } => segments,
        BesideState::Kept { .. } => return Ok(generation),
        BesideState::Dropping => return Err(GenerationError::Dropping { generation }),
    };
    let progress = Box::new(progress_of(views, view, generation, segments).await?);
    if !progress.is_done() {
        return Err(GenerationError::Unfinished { generation, progress });
    }
    if progress.set_aside > 0 && despite == Despite::Nothing {
        return Err(GenerationError::Gaps { generation, progress });
    }
    Ok(generation)
}

fn dropping(generations: &Generations, now: Timestamp) -> Result<Generations, GenerationError> {
    let Beside { generation, state } = beside(generations)?;
    if let BesideState::Kept { since } = state {
        let age = u64::try_from(now.as_millis() - since.as_millis()).unwrap_or(0);
        let wait = DROP_AFTER.saturating_sub(Duration::from_millis(age));
        if !wait.is_zero() {
            return Err(GenerationError::TooSoon { generation, wait });
        }
    }
    let beside = Some(Beside { generation, state: BesideState::Dropping });
    Ok(Generations { beside, ..generations.clone() })
}

fn beside(generations: &Generations) -> Result<Beside, GenerationError> {
    let live = generations.live;
    generations.beside.clone().ok_or(GenerationError::NothingBeside { live })
}

fn swapped(generations: &Generations, live: Generation, now: Timestamp) -> Generations {
    let state = BesideState::Kept { since: now };
    let beside = Some(Beside { generation: generations.live, state });
    Generations { live, beside, newest: generations.newest }
}
