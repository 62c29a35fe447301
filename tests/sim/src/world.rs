//! The deployed system: the real router, relay and projectors, wired as in the template, on simulated AWS.

use std::{sync::Arc, time::Duration};

use axum::Router;
use dekigoto::{
    Ports,
    policies::{AnyPolicy, Policy as _},
    relay::{Relay, StreamRecord},
    views::{AnyView, Projector, View as _},
};
use dekigoto_http::{App, Routes};
use dekigoto_testkit::sim::{
    BUS, EventTable, Function, Machine, Queue, QueueSettings, Sim, Stream, Subscription, TOPIC,
    Topic, ViewTable, deliver,
};
use order_service::{CONTRACT, OrderSummaryView, service};
use orders::fulfilment::Fulfilment;

use crate::{
    bugs::Wiring,
    consumers::{Projecting, Relayed, Relaying, Retrying},
    crash::CrashWatch,
    crowd::Crowd,
    nemesis,
    policies::{self, PolicyQueue},
    provider::Provider,
    rollout::Rollout,
    sends::Sends,
    sweeper::SweeperQueue,
    targets::Watched,
    truth::Truth,
    vetting::{Vetting, registry},
};

/// `Timeout` of the API's function.
const API_TIME: Duration = Duration::from_secs(15);

/// `Timeout` of the publisher.
const RELAY_TIME: Duration = Duration::from_secs(60);

/// `Timeout` of the projectors.
const PROJECTOR_TIME: Duration = Duration::from_secs(30);

/// The publisher's retry queue.
const RETRIES: QueueSettings = QueueSettings {
    visibility: Duration::from_secs(360),
    receives_max: 100,
    batch_max: 10,
    batches_at_once: 10,
    window: Duration::ZERO,
};

/// The queue of a view. Fewer batches at once than in the template: there are fewer messages.
pub(crate) const VIEW: QueueSettings = QueueSettings {
    visibility: Duration::from_secs(190),
    receives_max: 100,
    batch_max: 99,
    batches_at_once: 2,
    window: Duration::from_secs(1),
};

/// One view's queue and its dead letters.
#[derive(Clone)]
pub(crate) struct ViewQueue {
    pub(crate) name: &'static str,
    pub(crate) queue: Queue,
    pub(crate) dead: Queue,
    function: Function<Projecting>,
}

/// The queue of a view or a policy, and its dead letters.
#[derive(Clone)]
pub(crate) struct Inlet {
    pub(crate) name: &'static str,
    pub(crate) queue: Queue,
    pub(crate) dead: Queue,
}

/// The system.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) events: EventTable,
    pub(crate) views: ViewTable,
    pub(crate) stream: Stream<StreamRecord>,
    pub(crate) retries: Queue,
    pub(crate) relay_dead: Queue,
    pub(crate) sweeper: SweeperQueue,
    pub(crate) view_queues: Vec<ViewQueue>,
    /// The policy's queue and its settings. `None` if people do everything.
    pub(crate) policy: Option<PolicyQueue>,
    pub(crate) terms: Option<Fulfilment>,
    /// The second policy's queue and its settings. `None` if the first is alone.
    pub(crate) second: Option<PolicyQueue>,
    pub(crate) vetting: Option<Vetting>,
    pub(crate) provider: Provider,
    pub(crate) topic: Topic,
    pub(crate) api: Function<Router>,
    pub(crate) truth: Truth,
    pub(crate) wiring: Wiring,
    pub(crate) rollout: Rollout,
    pub(crate) crowd: Crowd,
    pub(crate) relay: Function<Relaying>,
    retry: Function<Retrying>,
}

impl World {
    /// Deploys the system with this wiring, and with each policy that has settings.
    pub(crate) fn deploy(
        sim: &Sim,
        wiring: Wiring,
        terms: Option<Fulfilment>,
        vetting: Option<Vetting>,
    ) -> Self {
        let (events, views) = (EventTable::new(sim), ViewTable::new(sim));
        let truth = Truth::new(sim, &events, &views);
        let stream = Stream::new(sim, 2);
        nemesis::feed(sim, &events, &stream, wiring.parks_pointers());
        let rollout = Rollout::draw(sim);
        let crowd = Crowd::draw(sim, terms.is_some());
        let retries = Queue::new(sim, "retries");
        let relay_dead = Queue::new(sim, "publisher's dead letters");
        let service = registry();
        let subscription = |view: &Arc<dyn AnyView>| Subscription {
            queue: Queue::new(sim, view.name()),
            events: service.events_for(&**view),
        };
        let mut subscriptions: Vec<Subscription> =
            service.views().iter().map(subscription).collect();
        let queues: Vec<Queue> = subscriptions.iter().map(|it| it.queue.clone()).collect();
        let policy_queue = Queue::new(sim, policies::FULFILMENT);
        if terms.is_some() {
            let events = Fulfilment::EVENTS.to_vec();
            subscriptions.push(Subscription { queue: policy_queue.clone(), events });
        }
        let second_queue = Queue::new(sim, policies::VETTING);
        if vetting.is_some() {
            let events = Vetting::EVENTS.to_vec();
            subscriptions.push(Subscription { queue: second_queue.clone(), events });
        }
        let seen = truth.clone();
        let topic = Topic::new(sim, &TOPIC, subscriptions, move |message, role| {
            seen.topic_took(message, role);
        });
        let (seen, provider) = (truth.clone(), Provider::default());
        let hears = provider.clone();
        let bus = Topic::new(sim, &BUS, Vec::new(), move |message, role| {
            seen.integration_event_sent(message, role);
            hears.heard(message);
        });
        let sends = truth.sends.clone();
        let shop = Shop { events, views, topic, bus, retries, relay_dead, wiring, crowd, sends };
        let view_queues =
            queues.into_iter().map(|queue| shop.view_queue(sim, queue, &rollout)).collect();
        let policy = terms.map(|terms| shop.policy(sim, policy_queue, Arc::new(terms)));
        let second = vetting.map(|vetting| shop.policy(sim, second_queue, Arc::new(vetting)));
        let (relay, retry) = (shop.relay(sim), shop.retry(sim));
        stream.deliver(&relay);
        deliver(&shop.retries, &shop.relay_dead, RETRIES, &retry);
        let (sweeper, api) = (shop.sweeper(sim), shop.api(sim));
        let Shop { events, views, topic, retries, relay_dead, .. } = shop;
        Self {
            sim: sim.clone(),
            events,
            views,
            stream,
            retries,
            relay_dead,
            sweeper,
            view_queues,
            policy,
            terms,
            second,
            vetting,
            provider,
            topic,
            api,
            truth,
            wiring,
            rollout,
            crowd,
            relay,
            retry,
        }
    }

    /// Deploys again: all machines are new from now on.
    pub(crate) fn redeploy(&self) {
        self.api.replace();
        self.relay.replace();
        self.retry.replace();
        self.sweeper.replace();
        self.view_queues.iter().for_each(|view| view.function.replace());
        self.policies().for_each(|policy| policy.function.replace());
    }

    /// The queues of the policies.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &PolicyQueue> {
        self.policy.iter().chain(&self.second)
    }

    /// Whether a paid order is confirmed without a person.
    pub(crate) fn confirms_itself(&self) -> bool {
        self.terms.is_some_and(|terms| terms.confirms_itself)
    }

    /// The queues of the views, and those of the policies.
    pub(crate) fn inlets(&self) -> Vec<Inlet> {
        let views = self.view_queues.iter().map(|view| Inlet {
            name: view.name,
            queue: view.queue.clone(),
            dead: view.dead.clone(),
        });
        let policies = self.policies().map(|policy| Inlet {
            name: policy.queue.name(),
            queue: policy.queue.clone(),
            dead: policy.dead.clone(),
        });
        views.chain(policies).collect()
    }
}

/// The parts that functions are built from.
#[derive(Clone)]
struct Shop {
    events: EventTable,
    views: ViewTable,
    topic: Topic,
    bus: Topic,
    retries: Queue,
    relay_dead: Queue,
    wiring: Wiring,
    crowd: Crowd,
    sends: Sends,
}

impl Shop {
    fn ports(&self, machine: &Machine) -> Ports {
        Ports {
            store: self.wiring.store(&self.events, &self.topic, machine),
            views: self.wiring.views(&self.views, machine),
            host: Arc::new(machine.clone()),
        }
    }

    fn api(&self, sim: &Sim) -> Function<Router> {
        let (shop, front) = (self.clone(), self.wiring.front(sim));
        Function::new(sim, "api", API_TIME, move |machine| {
            let app = App::new(shop.ports(&machine));
            front.before(Routes::of(&service(), &CONTRACT).router(app))
        })
    }

    fn relay(&self, sim: &Sim) -> Function<Relaying> {
        let shop = self.clone();
        let start = move |machine| {
            let history = shop.wiring.history(&shop.events, &machine);
            Relaying(shop.relay_on(&machine), history)
        };
        Function::new(sim, "relay", self.wiring.relay_time(RELAY_TIME), start)
    }

    fn retry(&self, sim: &Sim) -> Function<Retrying> {
        let shop = self.clone();
        let start = move |machine| Retrying(shop.relay_on(&machine));
        Function::new(sim, "relay of retries", self.wiring.relay_time(RELAY_TIME), start)
    }

    fn sweeper(&self, sim: &Sim) -> SweeperQueue {
        let (shop, tables) = (self.clone(), (&self.events, &self.retries));
        SweeperQueue::start(sim, self.wiring, tables, &self.sends, move |machine| {
            shop.ports(machine)
        })
    }

    fn relay_on(&self, machine: &Machine) -> Relayed {
        let ports = self.ports(machine);
        let topic = Watched::new("topic", self.topic.port(machine), machine);
        let relay = Relay {
            topic: self.wiring.bus(self.sends.topic(topic)),
            bus: self.wiring.bus(Watched::new("bus", self.bus.port(machine), machine)),
            retry: self.wiring.retry(Arc::new(self.retries.port(machine))),
            parking: Arc::new(self.relay_dead.port(machine)),
            store: ports.store,
            host: ports.host,
            announcements: self.wiring.announcements(),
        };
        Relayed { relay, wiring: self.wiring, sends: self.sends.clone() }
    }

    fn policy(&self, sim: &Sim, queue: Queue, policy: Arc<dyn AnyPolicy>) -> PolicyQueue {
        let watch = CrashWatch { sim: sim.clone(), events: self.events.clone() };
        let shop = self.clone();
        let ports = move |machine: &Machine| shop.ports(machine);
        PolicyQueue::start(sim, queue, policy, self.wiring, watch, ports)
    }

    fn view_queue(&self, sim: &Sim, queue: Queue, rollout: &Rollout) -> ViewQueue {
        let name = queue.name();
        let dead = Queue::new(sim, "a view's dead letters");
        let (shop, parking, rollout) = (self.clone(), dead.clone(), rollout.clone());
        let function =
            Function::new(sim, name, self.wiring.view_time(PROJECTOR_TIME), move |machine| {
                let view = shop.wiring.view(registry().view_named(name).unwrap());
                let parking = Arc::new(parking.port(&machine));
                let ports = shop.ports(&machine);
                let old =
                    (name == OrderSummaryView::NAME && rollout.starts_old_code()).then(|| {
                        let old = shop.wiring.old_view();
                        (Projector::of(old, ports.clone(), parking.clone()), rollout.clone())
                    });
                let projector = Projector::of(view, ports, parking);
                Projecting { projector, old, wiring: shop.wiring, machine }
            });
        let settings = self.wiring.view_settings(self.crowd.settings(name, VIEW));
        deliver(&queue, &dead, settings, &function);
        ViewQueue { name, queue, dead, function }
    }
}

#[cfg(test)]
mod tests {
    use dekigoto_testkit::sim::{RECORD_AGE_MAX, RECORD_ATTEMPTS_MAX, STREAM_BATCH_MAX};

    use super::*;
    use crate::{
        policies::{POLICY, POLICY_TIME},
        sweeper::{SWEEPER_TIME, SWEEPS},
    };

    /// The first number of that name after the beginning of a block of the template.
    fn number(block: &str, name: &str) -> u64 {
        let template = include_str!("../../../template.yaml");
        let (_, block) = template.split_once(&format!(" {block}:\n")).unwrap();
        let (_, value) = block.split_once(&format!("{name}: ")).unwrap();
        // A condition, as in `!If [ViewsWait, 99, 10]`, has words before its first number.
        let value = value.trim_start_matches(|it: char| !it.is_ascii_digit());
        value.split(|it: char| !it.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    fn seconds(block: &str, name: &str) -> Duration {
        Duration::from_secs(number(block, name))
    }

    /// The window of the views is a parameter of the template.
    fn window(mapping: &str) -> Duration {
        match mapping {
            "${View}Mapping" => seconds("ViewWindow", "Default"),
            other => seconds(other, "MaximumBatchingWindowInSeconds"),
        }
    }

    /// The settings of a queue and its mapping.
    fn settings(queue: &str, mapping: &str) -> QueueSettings {
        QueueSettings {
            visibility: seconds(queue, "VisibilityTimeout"),
            receives_max: u32::try_from(number(queue, "maxReceiveCount")).unwrap(),
            batch_max: usize::try_from(number(mapping, "BatchSize")).unwrap(),
            batches_at_once: u32::try_from(number(mapping, "MaximumConcurrency")).unwrap(),
            window: window(mapping),
        }
    }

    #[test]
    fn functions_queues_and_stream_have_the_settings_of_the_template() {
        for (block, time) in [
            ("ApiFunction", API_TIME),
            ("PublisherFunction", RELAY_TIME),
            ("RebuildFunction", SWEEPER_TIME),
            ("- ${View}Function", PROJECTOR_TIME),
            ("- ${Policy}PolicyFunction", POLICY_TIME),
        ] {
            assert_eq!(seconds(block, "Timeout"), time, "{block}");
        }
        assert_eq!(settings("PublisherRetryQueue", "PublisherRetryMapping"), RETRIES);
        let sweeps = settings("RebuildQueue", "RebuildMapping");
        assert_eq!(QueueSettings { batches_at_once: SWEEPS.batches_at_once, ..sweeps }, SWEEPS);
        let view = settings("${View}Queue", "${View}Mapping");
        assert_eq!(QueueSettings { batches_at_once: VIEW.batches_at_once, ..view }, VIEW);
        let policy = settings("${Policy}PolicyQueue", "${Policy}PolicyMapping");
        assert_eq!(QueueSettings { batches_at_once: POLICY.batches_at_once, ..policy }, POLICY);
        let stream = "PublisherStreamMapping";
        assert_eq!(seconds(stream, "MaximumRecordAgeInSeconds"), RECORD_AGE_MAX);
        assert_eq!(number(stream, "MaximumRetryAttempts"), u64::from(RECORD_ATTEMPTS_MAX));
        assert_eq!(number(stream, "BatchSize"), u64::try_from(STREAM_BATCH_MAX).unwrap());
    }
}
