//! An operator publishes the history again.

use std::time::Duration;

use dekigoto::{
    Timestamp,
    relay::{Relay, Window},
};
use dekigoto_testkit::sim::{Ended, TimeLeft};

use crate::{
    consumers::{Relayed, Relaying},
    world::World,
};

/// Invocations after which an operator stops publishing again.
const REPUBLICATIONS_MAX: u32 = 200;

/// After every run: the year 2100.
const END_MILLIS: i64 = 4_102_444_800_000;

impl World {
    /// Lets the publisher publish the whole history again, invocation by invocation, as an operator does.
    pub(crate) fn republish(&self) {
        let (relay, sim) = (self.relay.clone(), self.sim.clone());
        let (from, to) = (Timestamp::EPOCH, Timestamp::from_millis(END_MILLIS).unwrap());
        self.sim.spawn(async move {
            let mut next = Some(Window { from, to, progress: None });
            for _ in 0..REPUBLICATIONS_MAX {
                let Some(window) = next.clone() else { return };
                let again = async move |process: Relaying, time_left: TimeLeft| {
                    let Relaying(Relayed { relay, sends, .. }, history) = process;
                    let retry = sends.asking(relay.retry.clone());
                    let relay = Relay { retry, ..relay };
                    relay.republish(&*history, &window, move || time_left()).await
                };
                match relay.run(again).await {
                    Ended::Answered(done) => next = done.next,
                    Ended::Crashed | Ended::TimedOut => {}
                }
                sim.sleep(Duration::from_secs(60)).await;
            }
        });
    }
}
