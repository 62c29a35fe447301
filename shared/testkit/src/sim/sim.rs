//! A simulation: one shared handle to its clock, plan of faults and journal.

use std::{
    future::Future,
    sync::{Arc, MutexGuard},
    time::Duration,
};

use super::{
    Dice, Fault, Journal, Plan, Site, Violation,
    core::{Core, Sleep},
};

/// A handle to a simulation.
#[derive(Clone)]
pub struct Sim(Arc<Core>);

/// What a call's number determines: its fault, and its dice.
pub struct Luck {
    /// The call's number.
    pub number: u64,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// The call's own dice.
    pub dice: Dice,
}

impl Sim {
    /// A simulation of that seed under that plan.
    #[must_use]
    pub fn new(seed: u64, plan: Plan, keeps_steps: bool) -> Self {
        Self(Arc::new(Core::new(seed, plan, keeps_steps)))
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.0
    }

    /// Another sequence of random numbers of the run's seed. Calls have the sequences from 1 on; take high numbers.
    #[must_use]
    pub fn dice(&self, stream: u64) -> Dice {
        Dice::new(self.0.seed, stream)
    }

    /// Virtual time since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.0.clock().now
    }

    /// Waits.
    pub async fn sleep(&self, time: Duration) {
        let until = self.now().saturating_add(time);
        Sleep::new(Arc::clone(&self.0), until).await;
    }

    /// Starts a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.clock().spawn(Box::pin(task));
    }

    /// Takes the next call's number, and what it decides.
    #[must_use]
    pub fn luck(&self, site: &'static Site) -> Luck {
        let now = self.now();
        let (luck, is_at_risk) = {
            let mut plan = self.0.plan.lock().unwrap();
            plan.1 += 1;
            let number = plan.1;
            // The fault has its own dice, so that removing a fault does not change the time of the call.
            let mut faults = Dice::new(!self.0.seed, number);
            let fault = plan.0.fault(number, site, now, &mut faults);
            let luck = Luck { number, fault, dice: self.dice(number) };
            (luck, !matches!(plan.0, Plan::Nothing))
        };
        let mut journal = self.journal();
        if is_at_risk {
            journal.at_risk.push(site);
        }
        journal.stir(luck.number);
        journal.stir_text(site.name);
        if let Some(fault) = luck.fault {
            journal.fired.push((luck.number, site.name, fault));
            journal.stir_text(&fault.to_string());
        }
        luck
    }

    /// How many calls there have been.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.plan.lock().unwrap().1
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.0.plan.lock().unwrap().0 = Plan::Nothing;
    }

    /// Whether all faults have ended, or there were none.
    #[must_use]
    pub fn is_healed(&self) -> bool {
        matches!(self.0.plan.lock().unwrap().0, Plan::Nothing)
    }

    /// The journal.
    pub fn journal(&self) -> MutexGuard<'_, Journal> {
        self.0.journal()
    }

    /// Records that a branch was reached.
    pub fn mark(&self, mark: &'static str) {
        self.journal().marks.insert(mark);
    }

    /// Records an unusual action.
    pub fn tried(&self, what: &'static str) {
        *self.journal().tried.entry(what).or_default() += 1;
    }

    /// An invariant that does not hold.
    pub fn violation(&self, invariant: &'static str, what: impl Into<String>) {
        let what = what.into();
        self.step(|| format!("VIOLATION {invariant}: {what}"));
        self.journal().violations.push(Violation { invariant, what });
    }

    /// Adds a step to the journal.
    pub fn step(&self, text: impl FnOnce() -> String) {
        let now = self.now();
        self.journal().step(now, text);
    }

    /// Adds a text to the trace's hash.
    pub fn note(&self, text: &str) {
        let millis = u64::try_from(self.now().as_millis()).unwrap();
        let mut journal = self.journal();
        journal.stir(millis);
        journal.stir_text(text);
    }
}
