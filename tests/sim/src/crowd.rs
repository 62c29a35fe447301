//! A crowd: a hundred orders of one day within moments. It shows whether writers of one row refuse each other (L6), and
//! whether the messages of a batch wait for each other (S16).

use std::time::Duration;

use dekigoto::views::View as _;
use dekigoto_testkit::sim::{Machine, QueueSettings, Sim, Writes};
use order_service::OrderSummaryView;

use crate::{nemesis, world::World};

/// The sequence of random numbers that says whether there is a crowd, and when.
const CROWD: u64 = 1 << 51;

/// Runs in a thousand that have a crowd.
const RUNS: u32 = 30;

/// The orders of a crowd.
const ORDERS: u64 = 100;

/// The functions of a view that work at once, and the messages that each gets. Lambda may fill batches less than the
/// mapping allows.
const WORKERS: (u32, usize) = (10, 5);

/// Writes to one partition from which on their conflicts are counted.
const WRITES_MIN: u64 = 20;

/// Messages of a batch from which on its time is measured, and the longest time for each. A message needs three calls of
/// at most 10 ms: one message after the other takes longer.
const MESSAGES_MIN: usize = 50;
const MESSAGE_TIME_MAX: Duration = Duration::from_millis(10);

/// Whether a run has a crowd.
#[derive(Clone, Copy)]
pub(crate) struct Crowd(bool);

impl Crowd {
    /// Draws it. Orders that the policy carries come one by one.
    pub(crate) fn draw(sim: &Sim, has_policy: bool) -> Self {
        Self(!has_policy && sim.dice(CROWD).per_mille(RUNS))
    }

    /// The settings of a view's queue: many small batches for sums, large ones for the orders' own rows.
    pub(crate) fn settings(self, view: &str, settings: QueueSettings) -> QueueSettings {
        if !self.0 || view == OrderSummaryView::NAME {
            return settings;
        }
        let (batches_at_once, batch_max) = WORKERS;
        QueueSettings { batches_at_once, batch_max, ..settings }
    }

    /// Lets it come at a random moment within this time.
    pub(crate) fn begin(self, world: &World, within: Duration) {
        if !self.0 {
            return;
        }
        let (world, sim) = (world.clone(), world.sim.clone());
        world.sim.clone().spawn(async move {
            let after = sim.dice(CROWD + 1).time(Duration::ZERO, within);
            sim.sleep(after).await;
            sim.tried("a hundred orders of one day at once");
            for number in 0..ORDERS {
                nemesis::archive(&world, &format!("crowd-{number}"), vec![nemesis::placed()]);
            }
        });
    }
}

/// Checks the time of a batch in which no call was slow.
pub(crate) fn look_at_time(machine: &Machine, messages: usize, took: Duration) {
    let most = MESSAGE_TIME_MAX * u32::try_from(messages).unwrap();
    if machine.role() == OrderSummaryView::NAME
        && messages >= MESSAGES_MIN
        && machine.slow_calls().is_empty()
    {
        machine.sim().mark("a large batch was timed");
        if took > most {
            let what = format!("{messages} messages took {took:?}: they wait for each other");
            machine.sim().violation("S16", what);
        }
    }
}

/// Checks that most writes to sums were not refused.
pub(crate) fn check(world: &World) {
    if !world.crowd.0 {
        return;
    }
    for (partition, Writes { done, refused }) in world.views.writes() {
        let is_sum = !partition.starts_with(&format!("{}#", OrderSummaryView::NAME));
        if is_sum && done + refused >= WRITES_MIN && refused > done {
            let what = format!("{partition}: {refused} writes were refused, {done} not");
            world.sim.violation("L6", what);
        }
    }
}
