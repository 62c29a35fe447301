//! The function of the fulfilment policy: behind its queue, and behind its schedule, wired like `functions/policy`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use dekigoto::{
    Aggregate as _, MessageHandler as _, Ports,
    batch::{Delivered, Report},
    policies::{AnyPolicy, DueProcess, Policy as _, ProcessManager, Ticker},
};
use dekigoto_testkit::sim::{
    Consumer, Dice, Function, Letter, Machine, Queue, QueueSettings, Sim, TimeLeft, deliver,
};
use orders::fulfilment::{Fulfilment, FulfilmentEvent, FulfilmentState};

use crate::{bugs::Wiring, crash::CrashWatch, world::World};

/// The sequence of random numbers for the terms of a run.
const TERMS: u64 = 1 << 48;

/// Runs in a thousand in which orders are carried by the policy. In the others, people do everything.
const RUNS: u32 = 250;

/// `Timeout` of the policy's function.
pub(crate) const POLICY_TIME: Duration = Duration::from_secs(30);

/// The queue of a policy. Fewer batches at once than in the template: there are fewer messages.
pub(crate) const POLICY: QueueSettings = QueueSettings {
    visibility: Duration::from_secs(181),
    receives_max: 100,
    batch_max: 10,
    batches_at_once: 2,
    window: Duration::ZERO,
};

/// The policy's settings in the run of this seed. `None` if it has no policy.
pub(crate) fn terms(seed: u64) -> Option<Fulfilment> {
    let mut dice = Dice::new(seed, TERMS);
    dice.per_mille(RUNS).then(|| Fulfilment {
        payment_time: dice.time(Duration::from_secs(20), Duration::from_secs(240)),
        confirms_itself: dice.per_mille(800),
    })
}

/// The queue of the policy, its dead letters, and its function.
#[derive(Clone)]
pub(crate) struct PolicyQueue {
    pub(crate) queue: Queue,
    pub(crate) dead: Queue,
    pub(crate) function: Function<Managing>,
}

/// The queues of the two policies, as operators call them.
pub(crate) const FULFILMENT: &str = "fulfilment-policy";
pub(crate) const VETTING: &str = "vetting-policy";

impl PolicyQueue {
    /// Runs a policy behind its queue.
    pub(crate) fn start(
        sim: &Sim,
        queue: Queue,
        policy: Arc<dyn AnyPolicy>,
        wiring: Wiring,
        watch: CrashWatch,
        ports: impl Fn(&Machine) -> Ports + Send + Sync + 'static,
    ) -> Self {
        let dead = Queue::new(sim, "a policy's dead letters");
        let (own, parking) = (queue.clone(), dead.clone());
        let function = Function::new(sim, queue.name(), POLICY_TIME, move |machine| {
            let policy = wiring.policy(policy.clone());
            let ports = wiring.policy_ports(ports(&machine), &machine);
            let ticker = Ticker {
                policy: policy.name(),
                views: wiring.deadlines(ports.views.clone(), &machine),
                queue: Arc::new(own.port(&machine)),
                host: ports.host.clone(),
            };
            let parking = Arc::new(parking.port(&machine));
            let manager = ProcessManager::of(policy, ports, parking);
            Managing { manager, ticker, wiring, watch: watch.clone() }
        });
        deliver(&queue, &dead, POLICY, &function);
        Self { queue, dead, function }
    }
}

/// The process of the policy's function.
#[derive(Clone)]
pub(crate) struct Managing {
    manager: ProcessManager,
    pub(crate) ticker: Ticker,
    wiring: Wiring,
    watch: CrashWatch,
}

#[async_trait]
impl Consumer<Letter> for Managing {
    async fn take(&self, batch: Vec<Delivered<Letter>>, time_left: TimeLeft) -> Report {
        let Self { manager, wiring, watch, .. } = self;
        let due = batch.iter().filter_map(|it| DueProcess::from_message(&it.record.body));
        due.for_each(|due| watch.fed(&due));
        let (host, parking) = (manager.host(), manager.parking());
        let take = |messages| manager.take(messages, || time_left());
        let work = wiring.opened(batch).handle(host, parking, || time_left(), take);
        watch.over(work).await
    }
}

/// A process and what its events say.
pub(crate) struct Process {
    pub(crate) order: String,
    pub(crate) events: Vec<FulfilmentEvent>,
    pub(crate) state: FulfilmentState,
}

impl Process {
    pub(crate) fn of(world: &World, order: &str) -> Self {
        Self::from_events(order, &world.events.events(&stream_of(order)))
    }

    pub(crate) fn from_events(order: &str, stored: &[dekigoto::Envelope]) -> Self {
        let events = stored.iter().flat_map(|event| event.decode().unwrap());
        let events: Vec<FulfilmentEvent> = events.collect();
        let state = Fulfilment::fold(FulfilmentState::default(), &events);
        Self { order: order.to_owned(), events, state }
    }

    /// Every process.
    pub(crate) fn all(world: &World) -> Vec<Self> {
        let all = world.events.all_events().into_iter();
        let first = all.filter(|it| it.aggregate_type == Fulfilment::TYPE && it.version.get() == 1);
        first.map(|event| Self::of(world, &event.aggregate_id)).collect()
    }

    /// Whether it waits for its deadline.
    pub(crate) fn waits(&self) -> bool {
        Fulfilment::deadline(&self.state).is_some()
    }
}

/// The stream of an order's process.
pub(crate) fn stream_of(order: &str) -> String {
    format!("{}#{order}", Fulfilment::TYPE)
}
