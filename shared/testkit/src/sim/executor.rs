//! Runs futures on one thread in virtual time. A seed decides which of the ready tasks runs next.
//!
//! Time stands still while any task can run. When none can, the clock jumps to the next timer. An hour of waiting costs
//! nothing, and two runs of one seed do the same steps in the same order.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use super::{
    Sim,
    core::{Core, Task},
};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// No task can run and no timer is set: nothing will ever happen again.
    Quiet,
    /// The virtual time given is over.
    TimeOver,
    /// Too many steps: tasks keep each other awake.
    StepsOver,
}

/// Owns the tasks of a simulation and runs them.
pub struct Executor {
    core: Arc<Core>,
    tasks: BTreeMap<u64, (Task, Arc<Bell>)>,
}

/// Makes a task ready. It holds the core weakly: timers hold wakers, and a circle would never be freed.
struct Bell {
    core: Weak<Core>,
    id: u64,
    is_ready: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed)
            && let Some(core) = self.core.upgrade()
        {
            core.clock().ready.push(self.id);
        }
    }
}

impl Executor {
    /// An executor of that simulation's tasks.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        Self { core: Arc::clone(sim.core()), tasks: BTreeMap::new() }
    }

    /// Runs tasks until nothing can happen any more, or until virtual time or steps run out.
    pub fn run(&mut self, until: Duration, steps_max: u64) -> Stopped {
        for _ in 0..steps_max {
            self.adopt();
            let next = self.core.clock().next_ready();
            match next {
                Some(id) => self.step(id),
                None => match self.wait(until) {
                    None => {}
                    Some(stopped) => return stopped,
                },
            }
        }
        Stopped::StepsOver
    }

    fn adopt(&mut self) {
        let spawned = mem::take(&mut self.core.clock().spawned);
        for (id, task) in spawned {
            let core = Arc::downgrade(&self.core);
            let bell = Arc::new(Bell { core, id, is_ready: AtomicBool::new(false) });
            Arc::clone(&bell).wake();
            self.tasks.insert(id, (task, bell));
        }
    }

    fn step(&mut self, id: u64) {
        let Some((task, bell)) = self.tasks.get_mut(&id) else { return };
        bell.is_ready.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(bell));
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.tasks.remove(&id);
        }
        self.core.journal().stir(id);
    }

    /// Moves the clock to the next timer.
    fn wait(&mut self, until: Duration) -> Option<Stopped> {
        let waker = {
            let mut clock = self.core.clock();
            let Some(((time, _), _)) = clock.timers.first_key_value() else {
                return Some(Stopped::Quiet);
            };
            if *time > until {
                clock.now = until;
                return Some(Stopped::TimeOver);
            }
            let ((time, _), waker) = clock.timers.pop_first().unwrap();
            clock.now = time;
            waker
        };
        waker.wake();
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::sim::Plan;

    fn order(seed: u64) -> Vec<u32> {
        let sim = Sim::new(seed, Plan::Nothing, false);
        let done = Arc::new(Mutex::new(Vec::new()));
        for task in 0..8 {
            let (done, sleeper) = (Arc::clone(&done), sim.clone());
            sim.spawn(async move {
                sleeper.sleep(Duration::from_secs(3600)).await;
                done.lock().unwrap().push(task);
            });
        }
        let mut executor = Executor::new(&sim);
        assert_eq!(executor.run(Duration::from_secs(7200), 1000), Stopped::Quiet);
        assert_eq!(sim.now(), Duration::from_secs(3600));
        done.lock().unwrap().clone()
    }

    #[test]
    fn a_seed_decides_the_order_of_tasks_and_an_hour_takes_no_time() {
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn tasks_that_keep_each_other_awake_are_stopped() {
        let sim = Sim::new(1, Plan::Nothing, false);
        let sleeper = sim.clone();
        sim.spawn(async move {
            loop {
                sleeper.sleep(Duration::ZERO).await;
            }
        });
        let stopped = Executor::new(&sim).run(Duration::from_secs(1), 1000);
        assert_eq!(stopped, Stopped::StepsOver);
    }
}
