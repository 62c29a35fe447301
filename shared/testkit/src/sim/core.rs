//! What the parts of a simulation share: the clock with its timers and tasks, the plan of faults, and the journal.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{Dice, Journal, Plan};

/// The sequence of random numbers that decides which task runs next. Calls have the sequences from 1 on.
const SCHEDULE: u64 = u64::MAX - 1;

pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Core {
    pub(super) seed: u64,
    clock: Mutex<Clock>,
    /// The plan, and how many calls there have been.
    pub(super) plan: Mutex<(Plan, u64)>,
    journal: Mutex<Journal>,
}

impl Core {
    pub(super) fn new(seed: u64, plan: Plan, keeps_steps: bool) -> Self {
        Self {
            seed,
            clock: Mutex::new(Clock::new(Dice::new(seed, SCHEDULE))),
            plan: Mutex::new((plan, 0)),
            journal: Mutex::new(Journal::new(keeps_steps)),
        }
    }

    pub(super) fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap()
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap()
    }
}

/// The clock, the timers and the tasks that are ready.
pub(super) struct Clock {
    pub(super) now: Duration,
    next_id: u64,
    pub(super) timers: BTreeMap<(Duration, u64), Waker>,
    pub(super) ready: Vec<u64>,
    pub(super) spawned: Vec<(u64, Task)>,
    dice: Dice,
}

impl Clock {
    fn new(dice: Dice) -> Self {
        let (timers, ready, spawned) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { now: Duration::ZERO, next_id: 0, timers, ready, spawned, dice }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn spawn(&mut self, task: Task) {
        let id = self.id();
        self.spawned.push((id, task));
    }

    pub(super) fn next_ready(&mut self) -> Option<u64> {
        if self.ready.is_empty() {
            return None;
        }
        let place = self.dice.below(self.ready.len());
        Some(self.ready.swap_remove(place))
    }
}

/// Waits until a moment of virtual time. A sleeper that is dropped takes its timer with it.
pub(super) struct Sleep {
    core: Arc<Core>,
    until: Duration,
    timer: Option<u64>,
}

impl Sleep {
    pub(super) fn new(core: Arc<Core>, until: Duration) -> Self {
        Self { core, until, timer: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let until = self.until;
        let timer = {
            let mut clock = self.core.clock();
            // A wait of zero still lets other tasks run.
            if self.timer.is_some() && clock.now >= until {
                return Poll::Ready(());
            }
            let timer = self.timer.unwrap_or_else(|| clock.id());
            clock.timers.insert((until, timer), context.waker().clone());
            timer
        };
        self.timer = Some(timer);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            let removed = self.core.clock().timers.remove(&(self.until, timer));
            drop(removed);
        }
    }
}
