//! S16: a target that does not answer costs an invocation of the publisher one time-out.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dekigoto::{Bus, Message, Refused, Source};
use dekigoto_testkit::sim::{CALL_TIME_MAX, Machine, TopicPort};

/// A topic or bus whose calls are watched.
pub(crate) struct Watched {
    target: TopicPort,
    name: &'static str,
    machine: Machine,
    /// The invocation in which it gave no answer.
    silent_in: Mutex<Option<u64>>,
}

impl Watched {
    pub(crate) fn new(name: &'static str, target: TopicPort, machine: &Machine) -> Arc<Self> {
        let (machine, silent_in) = (machine.clone(), Mutex::default());
        Arc::new(Self { target, name, machine, silent_in })
    }
}

#[async_trait]
impl Bus for Watched {
    async fn send(&self, batch: &[Message]) -> Result<Vec<Result<(), Refused>>, Source> {
        let (sim, invocation) = (self.machine.sim(), self.machine.invocation());
        if *self.silent_in.lock().unwrap() == Some(invocation) {
            let what = format!("the {} was called again after it had timed out", self.name);
            sim.violation("S16", what);
        }
        let began = sim.now();
        let answer = self.target.send(batch).await;
        if answer.is_err() && sim.now().saturating_sub(began) >= CALL_TIME_MAX {
            *self.silent_in.lock().unwrap() = Some(invocation);
        }
        answer
    }
}
