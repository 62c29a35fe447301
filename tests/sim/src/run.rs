//! One run: faults, recovery, quiet, and then all checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use dekigoto_testkit::sim::{
    DUE, Dice, Executor, Fault, Journal, Plan, SITES, Sim, Site, Stopped, Swarm, Violation,
};

use orders::fulfilment::Fulfilment;

use crate::{
    bugs::Wiring,
    checks::{self, delivery},
    client::{Client, REQUEST},
    fates::Fate,
    history::History,
    known, lost, nemesis,
    outage::LongOutage,
    policies::{self, Process},
    ticks,
    vetting::Vetting,
    workload::{self, Load},
    world::World,
};

/// Steps after which tasks count as waking each other for ever.
const STEPS_MAX: u64 = 400_000;

/// Virtual time within which a recovered system must become quiet.
const REST_MAX: Duration = Duration::from_secs(12 * 3600);

/// Orders are placed within this time, even if faults last for hours.
const ORDERS_WITHIN_MAX: Duration = Duration::from_secs(1200);

/// The time to pay the order of a sweep.
const SWEEP_PAYMENT_TIME: Duration = Duration::from_secs(30);

/// The sequence of random numbers for the size of a run.
const SIZE: u64 = 1 << 44;

/// What to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    /// Only these faults. `None` means the random faults of the seed.
    pub(crate) faults: Option<BTreeMap<u64, Fault>>,
    pub(crate) wiring: Wiring,
    /// One client, one order, only the given faults.
    pub(crate) is_sweep: bool,
    /// What becomes of the order of a sweep that the policy carries. `None` if people do everything.
    pub(crate) fate: Option<Fate>,
    /// Whether a second policy meets the first one on that order.
    pub(crate) is_doubted: bool,
    pub(crate) keeps_steps: bool,
}

/// The result of a run.
pub(crate) struct Outcome {
    pub(crate) journal: Journal,
    pub(crate) calls: u64,
    /// Violations that are not known faults.
    pub(crate) wrong: Vec<Violation>,
    /// The names of the known faults that the run shows.
    pub(crate) known: BTreeSet<&'static str>,
}

/// Runs it.
pub(crate) fn run(setup: &Setup) -> Outcome {
    let mut size = Dice::new(setup.seed, SIZE);
    let chaos = size.time(Duration::from_secs(20), Duration::from_secs(600));
    let terms = if setup.is_sweep {
        setup.fate.map(|_| Fulfilment { payment_time: SWEEP_PAYMENT_TIME, confirms_itself: true })
    } else {
        policies::terms(setup.seed)
    };
    let vetting = if setup.is_sweep {
        setup.is_doubted.then_some(Vetting::ALL)
    } else {
        Vetting::draw(setup.seed).filter(|_| terms.is_some())
    };
    let outage = (!setup.is_sweep).then(|| LongOutage::draw(&mut size)).flatten();
    let swarm = outage
        .as_ref()
        .map_or_else(|| swarm(setup.seed, chaos, terms.is_some()), LongOutage::swarm);
    let plan = setup.faults.clone().map_or(Plan::Swarm(swarm), Plan::Exactly);
    let chaos = outage.as_ref().map_or(chaos, |outage| outage.lasts);
    let sim = Sim::new(setup.seed, plan, setup.keeps_steps);
    let world = World::deploy(&sim, setup.wiring, terms, vetting);
    let client = Client { world, history: History::default(), wiring: setup.wiring };
    let client = Arc::new(client);
    client.world.provider.serve(&client);
    ticks::begin(&client.world, chaos);
    if setup.is_sweep {
        let within = Duration::ZERO;
        workload::begin(
            &client,
            Load { orders: 1, customers: 1, declined: 0, is_plain: true, within, fate: setup.fate },
        );
    } else {
        workload::begin(&client, Load::draw(&mut size, chaos.min(ORDERS_WITHIN_MAX)));
        nemesis::begin(&client.world, chaos.min(ORDERS_WITHIN_MAX));
        client.world.crowd.begin(&client.world, chaos.min(ORDERS_WITHIN_MAX));
    }
    let mut executor = Executor::new(&sim);
    live(&mut executor, &client, chaos);
    let calls = sim.calls();
    drop(executor);
    let journal = sim.journal().clone();
    let (known, wrong) = known::sorted(&journal);
    Outcome { journal, calls, wrong, known }
}

fn swarm(seed: u64, chaos: Duration, has_policy: bool) -> Swarm {
    let sites = SITES.into_iter().filter(|site| has_policy || site.name != DUE.name);
    let sites: Vec<&'static Site> = sites.chain([&REQUEST]).collect();
    Swarm::draw(seed, &sites, chaos)
}

/// Faults, recovery, quiet, an operator's redrive, and quiet again.
fn live(executor: &mut Executor, client: &Client, chaos: Duration) {
    let world = &client.world;
    if executor.run(chaos, STEPS_MAX) == Stopped::StepsOver {
        return world.sim.violation("L6", "tasks keep each other awake");
    }
    world.sim.heal();
    nemesis::deploy_new_code(world, chaos);
    world.sim.step(|| "healed".to_owned());
    if !rests(executor, world, "after the faults stopped") {
        return;
    }
    delivery::dead_letters(world, chaos);
    redrive(world);
    if rests(executor, world, "after the redrive") {
        checks::at_rest(world, &client.history);
    }
}

fn rests(executor: &mut Executor, world: &World, when: &str) -> bool {
    // A deadline whose row came late is fed after at most twice that delay.
    let deadlines = world.policy.as_ref().map_or(Duration::ZERO, |_| world.sim.now() * 2);
    match executor.run(world.sim.now() + REST_MAX + deadlines, STEPS_MAX) {
        Stopped::Quiet => true,
        Stopped::TimeOver if Process::all(world).iter().any(Process::waits) => {
            world.sim.violation("L3", format!("a deadline is not fed {when}"));
            false
        }
        Stopped::TimeOver | Stopped::StepsOver => {
            world.sim.violation("L6", format!("the system does not come to rest {when}"));
            false
        }
    }
}

/// Redrives all parked messages, as an operator does after a repair.
fn redrive(world: &World) {
    let inlets = world.inlets();
    let queues = inlets.iter().map(|inlet| (&inlet.dead, &inlet.queue));
    for (dead, queue) in queues.chain([(&world.relay_dead, &world.retries)]) {
        for letter in dead.drain() {
            world.sim.mark("redriven");
            world.sim.tried("a dead letter that is redriven");
            world.truth.sends.asked(&letter.body);
            queue.put(letter.body);
        }
    }
    if !world.stream.given_up().is_empty() {
        world.republish();
    }
    lost::mend(world);
    world.sweeper.sweep_later();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bugs::Bug, shrink};

    #[test]
    fn a_seed_does_the_same_twice_and_another_seed_does_not() {
        let hash = |seed| run(&Setup { seed, ..Setup::default() }).journal.hash();
        assert_eq!(hash(2), hash(2));
        assert_ne!(hash(2), hash(4));
    }

    #[test]
    fn a_planted_bug_is_found_and_its_faults_are_made_few() {
        let wiring = Wiring(Some(Bug::RetryWithoutLookup));
        let breaks = |outcome: &Outcome| outcome.wrong.iter().any(|it| it.invariant == "S5");
        let shows = |seed: &u64| breaks(&run(&Setup { seed: *seed, wiring, ..Setup::default() }));
        let seed = (1..100).find(shows).unwrap();
        let setup = Setup { seed, wiring, ..Setup::default() };
        let (fired, faults) = (run(&setup).journal.fired.len(), shrink::shrink(&setup, "S5"));
        assert!(faults.len() * 4 < fired, "{} of {fired}", shrink::text(&faults));
        let again = run(&Setup { faults: Some(faults), ..setup });
        assert!(breaks(&again));
    }

    #[test]
    fn a_run_without_faults_is_without_fault() {
        let outcome = run(&Setup { seed: 3, faults: Some(BTreeMap::new()), ..Setup::default() });
        assert_eq!(outcome.wrong, []);
    }
}
