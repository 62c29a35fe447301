//! Watches the invocations of the policy's function for what is hard to reach: a crash between an effect and its end, and a
//! deadline that is fed to a process that has gone on.

use std::future::Future;

use dekigoto::policies::DueProcess;
use dekigoto_testkit::sim::{EventTable, Sim};
use orders::fulfilment::FulfilmentEvent;

use crate::{
    checks::effects::{effect_key, is_by_policy},
    policies::{Process, stream_of},
};

/// What the invocations of the policy's function are held against.
#[derive(Clone)]
pub(crate) struct CrashWatch {
    pub(crate) sim: Sim,
    pub(crate) events: EventTable,
}

impl CrashWatch {
    /// A due process is handed to the function.
    pub(crate) fn fed(&self, due: &DueProcess) {
        let stored = self.events.events(&stream_of(&due.process));
        if !Process::from_events(&due.process, &stored).waits() {
            self.sim.mark("a deadline was fed to a process that had gone on");
        }
    }

    /// Runs the work of an invocation.
    pub(crate) async fn over<T>(&self, work: impl Future<Output = T>) -> T {
        let mut unfinished = Unfinished { watch: self, is_done: false };
        let done = work.await;
        unfinished.is_done = true;
        done
    }

    /// Whether an effect took place, and its process does not know its end.
    fn has_open_effect(&self) -> bool {
        let mut effects = self.events.all_events().into_iter().filter(is_by_policy);
        effects.any(|effect| {
            let order = &effect.aggregate_id;
            let process = Process::from_events(order, &self.events.events(&stream_of(order)));
            let key = &effect.metadata.command_key;
            let is_end = |event: &FulfilmentEvent| {
                matches!(event, FulfilmentEvent::RequestEnded(it) if effect_key(order, it.step) == *key)
            };
            !process.events.iter().any(is_end)
        })
    }
}

/// An invocation that has not ended. It is dropped when its machine crashes.
struct Unfinished<'a> {
    watch: &'a CrashWatch,
    is_done: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_done && self.watch.has_open_effect() {
            self.watch.sim.mark("a crash came between an effect and its end");
        }
    }
}
