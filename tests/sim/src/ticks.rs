//! The schedule of the ticker: once a minute. Only the ticks that could find something are run, and the run can come to
//! rest when nothing is left to find.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dekigoto::{
    Commit, Row, RowKey, Timestamp,
    policies::{MINUTES_LISTED, Policy as _, Ticked},
};
use dekigoto_testkit::sim::{Ended, START_MILLIS, Signal};
use futures_util::future::{Either, select};
use orders::fulfilment::Fulfilment;

use crate::{
    policies::{Managing, PolicyQueue, Process},
    world::World,
};

/// The sequence of random numbers for the second of a minute at which the schedule runs.
const SECOND: u64 = 1 << 50;

const MINUTE: Duration = Duration::from_secs(60);

/// How much later than its deadline a process counts as one whose row came late.
const LAG_MIN: Duration = Duration::from_secs(75);

/// Runs the schedule of the policy. Until `chaos` is over, a tick may also find processes that have gone on; after that, the
/// schedule rests while no process waits.
pub(crate) fn begin(world: &World, chaos: Duration) {
    let Some(policy) = world.policy.clone() else { return };
    let changed = Signal::default();
    let (views, events) = (changed.clone(), changed.clone());
    world.views.on_write(move |_: &[Row]| views.raise());
    world.events.on_commit(move |_: &Commit| events.raise());
    let second = world.sim.dice(SECOND).time(Duration::from_secs(5), Duration::from_secs(55));
    let second = Duration::from_secs(second.as_secs());
    let schedule = Schedule { world: world.clone(), policy, second, chaos, last: Mutex::default() };
    let schedule = Arc::new(schedule);
    world.sim.spawn(async move {
        loop {
            let seen = changed.count();
            let now = schedule.world.sim.now();
            match schedule.next() {
                Some(at) if at <= now => schedule.tick(at),
                Some(at) => {
                    let sleep = std::pin::pin!(schedule.world.sim.sleep(at.saturating_sub(now)));
                    let changed = std::pin::pin!(changed.after(seen));
                    match select(sleep, changed).await {
                        Either::Left(_) | Either::Right(_) => {}
                    }
                }
                None => changed.after(seen).await,
            }
        }
    });
}

struct Schedule {
    world: World,
    policy: PolicyQueue,
    /// The second of each minute.
    second: Duration,
    chaos: Duration,
    /// When it ran last.
    last: Mutex<Option<Duration>>,
}

impl Schedule {
    /// The next moment at which a tick lists one of the places that an index shows.
    fn next(&self) -> Option<Duration> {
        let (now, last) = (self.world.sim.now(), *self.last.lock().unwrap());
        let is_to_come = |at: &Duration| *at >= now && last.is_none_or(|last| *at > last);
        let places = self.world.views.places().into_iter().filter_map(|key| Place::of(&key));
        let counts = |place: &Place| now <= self.chaos || self.waits(&place.process);
        let ticks = places.filter(counts).flat_map(|place| self.ticks(place.minute));
        ticks.filter(is_to_come).min()
    }

    fn waits(&self, order: &str) -> bool {
        Process::of(&self.world, order).waits()
    }

    /// The ticks that list the partitions of a minute, which may be before the run.
    fn ticks(&self, minute: i64) -> impl Iterator<Item = Duration> {
        let second = self.second;
        let ticks = MINUTES_LISTED.iter().map(move |age| u64::try_from(minute + age));
        ticks.filter_map(Result::ok).map(move |minute| {
            MINUTE.saturating_mul(u32::try_from(minute).unwrap()).saturating_add(second)
        })
    }

    fn tick(&self, at: Duration) {
        *self.last.lock().unwrap() = Some(at);
        let (world, function) = (self.world.clone(), self.policy.function.clone());
        self.look_at_lag();
        world.sim.clone().spawn(async move {
            let tick = |process: Managing, time_left: dekigoto_testkit::sim::TimeLeft| async move {
                process.ticker.tick(move || time_left()).await
            };
            match function.run(tick).await {
                Ended::Answered(ticked) => look_at(&world, ticked),
                Ended::Crashed | Ended::TimedOut => world.sim.mark("a tick crashed"),
            }
        });
    }

    /// Whether the view lacks a process that has been due for more than a minute.
    fn look_at_lag(&self) {
        let world = &self.world;
        let shown: Vec<String> =
            world.views.places().iter().filter_map(Place::of).map(|it| it.process).collect();
        let now = START_MILLIS + i64::try_from(world.sim.now().as_millis()).unwrap();
        let lag = i64::try_from(LAG_MIN.as_millis()).unwrap();
        let is_late = |process: &Process| {
            let due = Fulfilment::deadline(&process.state);
            due.is_some_and(|it| it.at.as_millis() + lag < now)
        };
        let mut late = Process::all(world).into_iter().filter(is_late);
        if late.any(|process| !shown.contains(&process.order)) {
            world.sim.mark("the view of deadlines lagged");
        }
    }
}

fn look_at(world: &World, ticked: Ticked) {
    if !ticked.is_complete() {
        world.sim.tried("a tick that cannot list or queue all deadlines that are due");
    }
    if ticked.refused > 0 {
        world.sim.mark("a due process was not queued");
    }
    if ticked.unlisted > 0 {
        world.sim.mark("a tick did not list everything");
    }
}

/// Where an index lists a process that waits for its deadline.
struct Place {
    /// The minute of the deadline, counted from the beginning of the run.
    minute: i64,
    process: String,
}

impl Place {
    fn of(key: &RowKey) -> Option<Self> {
        let rest = key.partition.strip_prefix("due#")?.strip_prefix(Fulfilment::NAME)?;
        let (at, process) = key.sort.split_once('#')?;
        let (_, _) = rest.strip_prefix('#')?.split_once('#')?;
        let at: Timestamp = at.parse().ok()?;
        let minute = (at.as_millis() - START_MILLIS).div_euclid(60_000);
        Some(Self { minute, process: process.to_owned() })
    }
}
