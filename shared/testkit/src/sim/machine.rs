//! A machine that runs a function: its clock, randomness and calls.

use std::{
    collections::BTreeSet,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use dekigoto::{Host, Source, Timestamp};
use uuid::Uuid;

use super::{Dice, Fault, Luck, Sim, Site, signal::Signal};

/// 2026-11-23T09:00:00.000Z, when every run begins.
pub const START_MILLIS: i64 = 1_795_424_400_000;

/// How long a client waits for an answer: the operation time-out of the AWS clients.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(5);

/// Sequences of random numbers from here on belong to machines.
const MACHINES: u64 = 1 << 40;

/// A text in the cause of every simulated error. No answer to a client may contain it.
pub const PRIVATE: &str = "sim-private-cause";

/// One machine. It shares nothing with others, its clock has a skew, and it can crash at any call.
#[derive(Clone)]
pub struct Machine(Arc<Inner>);

struct Inner {
    sim: Sim,
    role: &'static str,
    skew_millis: i64,
    dice: Mutex<Dice>,
    crashed: Signal,
    slow: Mutex<BTreeSet<&'static str>>,
    invocations: AtomicU64,
}

/// Why a call gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Refused: nothing was done.
    Refused,
    /// No reply: it may have been done.
    NoAnswer,
}

impl Lost {
    /// The private cause, for the log.
    #[must_use]
    pub fn cause(self) -> Source {
        format!("{PRIVATE}: {self:?}").into()
    }
}

impl Machine {
    /// A machine in a role. Its number determines its skew and randomness.
    #[must_use]
    pub fn new(sim: &Sim, role: &'static str, number: u64) -> Self {
        let mut dice = sim.dice(MACHINES + number);
        let skew_millis = i64::try_from(dice.below(4001)).unwrap() - 2000;
        Self(Arc::new(Inner {
            sim: sim.clone(),
            role,
            skew_millis,
            dice: Mutex::new(dice),
            crashed: Signal::default(),
            slow: Mutex::default(),
            invocations: AtomicU64::new(0),
        }))
    }

    /// What it runs.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.0.role
    }

    /// Its simulation.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.0.sim
    }

    /// The calls of the current invocation that were slow, by name.
    #[must_use]
    pub fn slow_calls(&self) -> BTreeSet<&'static str> {
        self.0.slow.lock().unwrap().clone()
    }

    /// The number of the current invocation on this machine.
    #[must_use]
    pub fn invocation(&self) -> u64 {
        self.0.invocations.load(Ordering::Relaxed)
    }

    /// Starts a new invocation.
    pub(super) fn begin(&self) {
        self.0.invocations.fetch_add(1, Ordering::Relaxed);
        self.0.slow.lock().unwrap().clear();
    }

    /// Returns once the machine has crashed.
    pub(super) async fn has_crashed(&self) {
        self.0.crashed.after(0).await;
    }

    /// Makes a call over the network. `apply` does it. The plan decides whether it happens, and whether the caller gets a
    /// reply or [`Lost`].
    ///
    /// # Errors
    /// [`Lost`].
    pub async fn call<T: Send + 'static>(
        &self,
        site: &'static Site,
        apply: impl FnOnce(&mut Luck) -> T + Send + 'static,
    ) -> Result<T, Lost> {
        let sim = self.sim();
        let mut luck = sim.luck(site);
        let (number, fault, role) = (luck.number, luck.fault, self.role());
        sim.step(|| match fault {
            None => format!("#{number} {role} {}", site.name),
            Some(fault) => format!("#{number} {role} {} {fault}", site.name),
        });
        let latency = luck.dice.time(Duration::from_millis(1), Duration::from_millis(10));
        sim.sleep(latency).await;
        match fault {
            None | Some(Fault::Partial | Fault::Twice | Fault::Lose) => {}
            Some(Fault::ErrBefore) => {
                let lost = *luck.dice.pick(&[Lost::Refused, Lost::NoAnswer]);
                return Err(lost);
            }
            Some(Fault::CrashBefore) => return self.crash().await,
            Some(Fault::Late) => return self.late(luck, apply),
            Some(Fault::Hang) => {
                self.0.slow.lock().unwrap().insert(site.name);
                let is_done = luck.dice.per_mille(500);
                if is_done {
                    apply(&mut luck);
                }
                sim.sleep(CALL_TIME_MAX).await;
                return Err(Lost::NoAnswer);
            }
            Some(Fault::Delay) => {
                self.0.slow.lock().unwrap().insert(site.name);
                let most = CALL_TIME_MAX.saturating_sub(Duration::from_millis(100));
                let time = luck.dice.time(Duration::from_millis(200), most);
                sim.sleep(time).await;
            }
            Some(Fault::ErrAfter) => {
                apply(&mut luck);
                return Err(Lost::NoAnswer);
            }
            Some(Fault::CrashAfter) => {
                apply(&mut luck);
                return self.crash().await;
            }
        }
        Ok(apply(&mut luck))
    }

    fn late<T: Send + 'static>(
        &self,
        mut luck: Luck,
        apply: impl FnOnce(&mut Luck) -> T + Send + 'static,
    ) -> Result<T, Lost> {
        let sim = self.sim().clone();
        let after = luck.dice.time(Duration::from_millis(10), Duration::from_secs(20));
        self.sim().spawn(async move {
            sim.sleep(after).await;
            sim.mark("late write");
            apply(&mut luck);
        });
        Err(Lost::NoAnswer)
    }

    async fn crash<T>(&self) -> T {
        self.0.crashed.raise();
        pending().await
    }
}

#[async_trait]
impl Host for Machine {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.sim().now().as_millis()).unwrap();
        Timestamp::from_millis(START_MILLIS + passed + self.0.skew_millis).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.sim().now()
    }

    fn random(&self) -> Uuid {
        let mut dice = self.0.dice.lock().unwrap();
        Uuid::from_u64_pair(dice.number(), dice.number())
    }

    async fn sleep(&self, time: Duration) {
        self.sim().sleep(time).await;
    }
}
