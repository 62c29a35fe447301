//! The sweeper of the product, behind its queue: it looks for commits whose stream record was lost. (`sweep.rs` is another
//! thing: the sweep of all failures of an order.)

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Ports, Source,
    batch::{Delivered, Report},
    sweep::{SWEEP_GRACE, Sweep, Sweeper},
};
use dekigoto_testkit::sim::{
    Consumer, Ended, EventTable, Function, Letter, Machine, Queue, QueueSettings, Sim, TimeLeft,
    deliver,
};

use crate::{bugs::Wiring, sends::Sends, vetting::registry};

/// `Timeout` of the rebuild function, which sweeps.
pub(crate) const SWEEPER_TIME: Duration = Duration::from_secs(60);

/// The queue of the rebuild function. Fewer batches at once than in the template: a sweep has four segments.
pub(crate) const SWEEPS: QueueSettings = QueueSettings {
    visibility: Duration::from_secs(360),
    receives_max: 100,
    batch_max: 1,
    batches_at_once: 2,
    window: Duration::ZERO,
};

/// The queue of the sweeper, its dead letters and its function.
#[derive(Clone)]
pub(crate) struct SweeperQueue {
    pub(crate) queue: Queue,
    pub(crate) dead: Queue,
    function: Function<Sweeping>,
    sim: Sim,
    wiring: Wiring,
}

/// The process of the sweeper's function.
#[derive(Clone)]
struct Sweeping(Sweeper, Wiring);

#[async_trait]
impl Consumer<Letter> for Sweeping {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let Self(sweeper, wiring) = self;
        let left = &|| time_left();
        let sweep = |Delivered { id, record }: Delivered<String>| Delivered {
            id,
            record: Sweep::from_text(&record).unwrap(),
        };
        let take = |messages: Vec<Delivered<String>>| {
            sweeper.take(messages.into_iter().map(sweep).collect(), left)
        };
        let (host, parking) = (&*sweeper.ports.host, &*sweeper.parking);
        wiring.opened(batch).handle(host, parking, left, take).await
    }
}

impl SweeperQueue {
    /// The sweeper of this event table, whose commits go to this retry queue.
    pub(crate) fn start(
        sim: &Sim,
        wiring: Wiring,
        (events, retries): (&EventTable, &Queue),
        sends: &Sends,
        ports: impl Fn(&Machine) -> Ports + Send + Sync + 'static,
    ) -> Self {
        let queue = Queue::new(sim, "sweeps");
        let dead = Queue::new(sim, "sweeper's dead letters");
        let (events, retries) = (events.clone(), retries.clone());
        let (own, parking, sends) = (queue.clone(), dead.clone(), sends.clone());
        let function = Function::new(sim, "sweeper", SWEEPER_TIME, move |machine| {
            let sweeper = Sweeper {
                views: wiring.evidence(registry().views()),
                history: wiring.history(&events, &machine),
                ports: ports(&machine),
                retry: sends.asking(Arc::new(retries.port(&machine))),
                queue: Arc::new(own.port(&machine)),
                parking: Arc::new(parking.port(&machine)),
                grace: SWEEP_GRACE,
            };
            Sweeping(sweeper, wiring)
        });
        deliver(&queue, &dead, SWEEPS, &function);
        Self { queue, dead, function, sim: sim.clone(), wiring }
    }

    /// A sweep of the commits of at least this age.
    pub(crate) fn sweep(&self, grace: Duration) {
        if !self.wiring.sweeps() {
            return;
        }
        let begin = async move |Sweeping(sweeper, _): Sweeping, _: TimeLeft| {
            let begun: Result<(), Source> = Sweeper { grace, ..sweeper }.begin().await;
            begun.is_ok()
        };
        let function = self.function.clone();
        self.sim.spawn(async move {
            match function.run(begin).await {
                Ended::Answered(_) | Ended::Crashed | Ended::TimedOut => {}
            }
        });
    }

    /// A sweep when every commit of now is old enough.
    pub(crate) fn sweep_later(&self) {
        let later = self.clone();
        self.sim.spawn(async move {
            later.sim.sleep(SWEEP_GRACE + Duration::from_secs(60)).await;
            later.sweep(SWEEP_GRACE);
        });
    }

    /// Deploys again.
    pub(crate) fn replace(&self) {
        self.function.replace();
    }
}
