//! A Lambda function: its machines start cold, stay warm, crash, and are stopped at the time limit.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::batch::{Delivered, Report};

use super::{Machine, Sim};

/// The time that an invocation has left.
pub type TimeLeft = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How an invocation ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// By itself.
    Answered(T),
    /// The machine crashed, and its report is lost.
    Crashed,
    /// Lambda stopped it, and its report is lost.
    TimedOut,
}

/// Takes batches of records, as an event source delivers them.
#[async_trait]
pub trait Consumer<R>: Clone + Send + Sync {
    /// Takes a batch.
    async fn take(&self, batch: Vec<Delivered<R>>, time_left: TimeLeft) -> Report;
}

/// A function. `S` is the state of its process: router, relay or projector.
#[derive(Clone)]
pub struct Function<S>(Arc<Inner<S>>);

struct Inner<S> {
    sim: Sim,
    role: &'static str,
    timeout: Duration,
    start: Box<dyn Fn(Machine) -> S + Send + Sync>,
    warm: Mutex<Vec<(Machine, S)>>,
}

/// Numbers the machines that start at the same moment.
fn number(sim: &Sim) -> u64 {
    let mut journal = sim.journal();
    let machines = journal.tried.entry("a function started cold").or_default();
    *machines += 1;
    *machines
}

impl<S: Clone + Send + Sync + 'static> Function<S> {
    /// A function that runs `start` on each new machine.
    #[must_use]
    pub fn new(
        sim: &Sim,
        role: &'static str,
        timeout: Duration,
        start: impl Fn(Machine) -> S + Send + Sync + 'static,
    ) -> Self {
        let (sim, start, warm) = (sim.clone(), Box::new(start), Mutex::default());
        Self(Arc::new(Inner { sim, role, timeout, start, warm }))
    }

    /// Its role.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.0.role
    }

    /// Drops all warm machines, as a deployment does.
    pub fn replace(&self) {
        self.0.warm.lock().unwrap().clear();
    }

    /// Runs one invocation, on a warm machine if there is one.
    pub async fn run<T, F>(&self, work: impl FnOnce(S, TimeLeft) -> F + Send) -> Ended<T>
    where
        F: Future<Output = T> + Send,
        T: Send,
    {
        let Inner { sim, role, timeout, start, warm } = &*self.0;
        let waiting = warm.lock().unwrap().pop();
        let (machine, process) = waiting.unwrap_or_else(|| {
            let machine = Machine::new(sim, role, number(sim));
            (machine.clone(), start(machine))
        });
        machine.begin();
        let deadline = sim.now() + *timeout;
        let clock = sim.clone();
        let time_left: TimeLeft = Arc::new(move || deadline.saturating_sub(clock.now()));
        let ended = until_stopped(&machine, *timeout, work(process.clone(), time_left)).await;
        match ended {
            Ended::Answered(_) => warm.lock().unwrap().push((machine, process)),
            Ended::Crashed => sim.step(|| format!("{role} crashed")),
            Ended::TimedOut => {
                let slow = machine.slow_calls();
                sim.step(|| format!("{role} was stopped after {timeout:?}; slow: {slow:?}"));
                // A function must end by itself even if a call hangs. Otherwise its report is lost.
                sim.violation("S16", format!("{role} was stopped; slow were {slow:?}"));
            }
        }
        ended
    }
}

async fn until_stopped<T>(
    machine: &Machine,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Ended<T> {
    let mut work = pin!(work);
    let mut crashed = pin!(machine.has_crashed());
    let mut timer = pin!(machine.sim().sleep(timeout));
    poll_fn(|context| {
        if let Poll::Ready(answer) = work.as_mut().poll(context) {
            return Poll::Ready(Ended::Answered(answer));
        }
        if crashed.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ended::Crashed);
        }
        timer.as_mut().poll(context).map(|()| Ended::TimedOut)
    })
    .await
}

/// Checks a batch's report: every record is counted once, and only delivered ids are reported.
pub(super) fn check_report(sim: &Sim, role: &str, ids: &[String], report: &Report) {
    let tally = report.tally;
    sim.note(&tally.to_string());
    sim.step(|| format!("{role}: {tally}"));
    if tally.total() != ids.len() {
        sim.violation("S15", format!("{role}: {} records came in, {tally}", ids.len()));
    }
    for reported in report.failed.iter().filter(|id| !ids.contains(id)) {
        sim.violation("S15", format!("{role} reported {reported}, which it never got"));
    }
    if tally.duplicate > 0 {
        sim.mark("duplicate counted");
    }
    if tally.parked > 0 {
        sim.mark("parked");
    }
    if tally.retried > 0 {
        sim.mark("retried");
    }
}
