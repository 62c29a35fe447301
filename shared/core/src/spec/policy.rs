//! Specs of policies, in the same words: given these events, reacting to that one, then those commands.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{
    delivery::{SpecEvents, at_once, name},
    difference::difference,
    fail,
    permutations::orders,
    view::Happened,
};
use crate::{
    Aggregate, Context, Engine, Host as _, Ports, StreamId,
    batch::Outcome,
    memory::{ManualHost, MemoryViews},
    policies::{Commanded, DueProcess, Effect, Issue, Policy, Refusing, Run},
};

/// Deliveries of one event, while each loses the reply to an effect.
const CRASHES_MAX: usize = 20;

/// A command to the aggregate `A` with this id, to compare with those that a policy issues.
///
/// # Panics
/// When the id cannot name a stream or the command has no JSON form.
#[track_caller]
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "a spec reads better without borrowing")]
pub fn commanded<A: Aggregate>(id: A::Id, command: A::Command) -> Commanded {
    match Commanded::of::<A>(&id, &command) {
        Ok(commanded) => commanded,
        Err(why) => fail(&format!("  the command to {id} cannot be issued: {why}\n")),
    }
}

/// What a spec delivers.
#[derive(Clone, Copy)]
enum Delivery {
    /// The event at this place.
    Event(usize),
    /// The deadlines of all processes.
    Due,
}

/// A policy after some events. Made by [`given_policy`].
pub struct GivenPolicy<P> {
    policy: P,
    events: Vec<Happened>,
    deliveries: Vec<Delivery>,
    refusals: Vec<Arc<dyn Any + Send + Sync>>,
    /// The commands issued so far, each event delivered once and in order.
    issued: Vec<Commanded>,
}

/// A policy that gets one more event or deadline.
#[must_use = "a spec checks nothing without `then_commands`"]
pub struct ReactingPolicy<P> {
    given: GivenPolicy<P>,
    is_twice: bool,
    is_shuffled: bool,
}

/// Begins a spec of a policy that got these events.
///
/// The events go through the real [`policies`](crate::policies), with processes in a
/// [`MemoryStore`](crate::memory::MemoryStore). The commands are recorded, and end as [`Done`](crate::policies::Ended)
/// unless the spec [refuses](ReactingPolicy::refused) them.
///
/// # Panics
/// When the policy cannot take an event.
#[track_caller]
#[must_use = "a spec checks nothing without `then_commands`"]
pub fn given_policy<P: Policy>(
    policy: P,
    events: impl IntoIterator<Item = Happened>,
) -> GivenPolicy<P> {
    let events: Vec<Happened> = events.into_iter().collect();
    let deliveries: Vec<Delivery> = (0..events.len()).map(Delivery::Event).collect();
    let mut given =
        GivenPolicy { policy, events, deliveries, refusals: Vec::new(), issued: Vec::new() };
    given.issued = given.played();
    given
}

impl<P: Policy> GivenPolicy<P> {
    /// Delivers one more event.
    pub fn reacting_to(mut self, event: Happened) -> ReactingPolicy<P> {
        self.deliveries.push(Delivery::Event(self.events.len()));
        self.events.push(event);
        ReactingPolicy { given: self, is_twice: false, is_shuffled: false }
    }

    /// Lets time pass until the deadline of each process is due.
    pub fn when_due(mut self) -> ReactingPolicy<P> {
        self.deliveries.push(Delivery::Due);
        ReactingPolicy { given: self, is_twice: false, is_shuffled: false }
    }

    /// Expects this state of the process.
    ///
    /// # Panics
    /// When it has another state.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a spec reads better without borrowing")]
    pub fn then_state(self, process: P::Id, expected: P::State) -> Self
    where
        P::State: std::fmt::Debug + PartialEq,
    {
        let mut play = self.play(false);
        let state = self.deliveries.iter().try_for_each(|it| play.deliver(&self.policy, *it));
        let state = state.and_then(|()| play.state_of(&process));
        match state {
            Ok(state) if state == expected => self,
            Ok(state) => fail(&difference(&[expected], &[state])),
            Err(why) => fail(&why),
        }
    }

    /// The commands of all deliveries in order.
    #[track_caller]
    fn played(&self) -> Vec<Commanded> {
        let mut play = self.play(false);
        match self.deliveries.iter().try_for_each(|it| play.deliver(&self.policy, *it)) {
            Ok(()) => play.recorder.issued(),
            Err(why) => fail(&why),
        }
    }

    #[track_caller]
    fn play(&self, is_crashing: bool) -> Play<P> {
        match SpecEvents::of(&self.events) {
            Ok(events) => Play::new(events, self.refusals.clone(), is_crashing),
            Err(why) => fail(&format!("  the events cannot be stored: {why}\n")),
        }
    }
}

impl<P: Policy> ReactingPolicy<P> {
    /// Delivers everything twice, and also once more after each effect whose reply was lost.
    pub fn delivered_twice(mut self) -> Self {
        self.is_twice = true;
        self
    }

    /// Delivers everything in every order, the given events included. More than five deliveries are tried in a seeded
    /// sample of orders. Every order must give the same commands in all, in any order.
    pub fn shuffled(mut self) -> Self {
        self.is_shuffled = true;
        self
    }

    /// The next command to the aggregate `A` is refused.
    pub fn refused<A: Aggregate<Refusal: Clone + Sync>>(mut self, refusal: A::Refusal) -> Self {
        let refusing: Refusing<A::Refusal> = Box::new(move || refusal.clone());
        self.given.refusals.push(Arc::new(refusing));
        self
    }

    /// Expects that the policy issues exactly these commands now, in this order. Returns a `GivenPolicy`, to continue the
    /// spec.
    ///
    /// # Panics
    /// When it issues others, in any way of delivery.
    #[track_caller]
    pub fn then_commands(self, expected: impl IntoIterator<Item = Commanded>) -> GivenPolicy<P> {
        let Self { mut given, is_twice, is_shuffled } = self;
        let mut all = given.issued.clone();
        all.extend(expected);
        given.issued = given.played();
        if given.issued != all {
            fail(&difference(&all, &given.issued));
        }
        all.sort();
        let times = if is_twice { 2 } else { 1 };
        for order in orders(given.deliveries.len(), times, is_shuffled) {
            for is_crashing in [false, true] {
                let mut play = given.play(is_crashing && is_twice);
                let places = order.iter().filter_map(|place| given.deliveries.get(*place));
                let delivered = places.copied().try_for_each(|it| play.deliver(&given.policy, it));
                if let Err(why) = delivered {
                    fail(&format!("{why}{}", play.events.show(&order)));
                }
                let mut issued = play.recorder.issued();
                issued.sort();
                if issued != all {
                    let shown = play.events.show(&order);
                    fail(&format!("  delivered as\n{shown}{}", difference(&all, &issued)));
                }
            }
        }
        given
    }

    /// Expects that the policy issues no command now.
    ///
    /// # Panics
    /// When it issues one, in any way of delivery.
    #[track_caller]
    pub fn then_nothing(self) -> GivenPolicy<P> {
        self.then_commands([])
    }
}

/// One run of a spec.
struct Play<P: Policy> {
    events: SpecEvents,
    ports: Ports,
    host: ManualHost,
    recorder: Recorder<P>,
}

impl<P: Policy> Play<P> {
    fn new(
        events: SpecEvents,
        refusals: Vec<Arc<dyn Any + Send + Sync>>,
        is_crashing: bool,
    ) -> Self {
        let host = ManualHost::new();
        let ports = Ports {
            store: Arc::new(events.store().clone()),
            views: Arc::new(MemoryViews::new()),
            host: Arc::new(host.clone()),
        };
        let done = Done { issued: Vec::new(), ends: BTreeMap::new(), refusals };
        let recorder = Recorder { is_crashing, done: Mutex::new(done) };
        Self { events, ports, host, recorder }
    }

    fn deliver(&mut self, policy: &P, delivery: Delivery) -> Result<(), String> {
        match delivery {
            Delivery::Event(place) => {
                let Some(event) = self.events.event(place) else { return Ok(()) };
                let run = Run::new(&self.ports, &self.recorder);
                settled(&name(event), || at_once(run.event(policy, event)))
            }
            Delivery::Due => self.deliver_due(),
        }
    }

    fn deliver_due(&mut self) -> Result<(), String> {
        for id in self.processes() {
            let process = P::id_of(&id)?;
            let state = self.state_of(&process)?;
            let Some(deadline) = P::deadline(&state) else { continue };
            self.host.set(deadline.at.max(self.host.now()));
            let due = DueProcess { policy: P::NAME.to_owned(), process: id, due_at: deadline.at };
            let run = Run::<P, _>::new(&self.ports, &self.recorder);
            settled("the deadline", || at_once(run.deadline(&due)))?;
        }
        Ok(())
    }

    /// The ids of the processes that have events.
    fn processes(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for commit in self.events.store().dump() {
            let stream = StreamId::from_key(&commit.pk).ok();
            let process = stream.filter(|it| it.aggregate_type() == P::TYPE);
            ids.extend(process.map(|it| it.aggregate_id().to_owned()));
        }
        ids.dedup();
        ids
    }

    fn state_of(&self, process: &P::Id) -> Result<P::State, String> {
        let engine = Engine::new(self.ports.store.clone(), self.ports.host.clone());
        let loaded = at_once(engine.load::<P>(process))?;
        loaded.map(|it| it.state).map_err(|cause| cause.to_string())
    }
}

/// Delivers until the effects have ended. A lost reply makes another delivery.
fn settled(what: &str, deliver: impl Fn() -> Result<Outcome, String>) -> Result<(), String> {
    for _ in 0..CRASHES_MAX {
        match deliver()? {
            Outcome::Applied | Outcome::Duplicate | Outcome::Skipped => return Ok(()),
            Outcome::Retry(reason) if reason == LOST => {}
            Outcome::Retry(reason) => return Err(format!("  {what}: {reason}\n")),
            Outcome::Parked(reason) => return Err(format!("  {what}: parked: {reason}\n")),
        }
    }
    Err(format!("  {what}: the process wants more than {CRASHES_MAX} effects\n"))
}

/// The reply to an effect was lost.
const LOST: &str = "the reply was lost";

/// Records commands in place of issuing them. As an engine does, it recognises a command by its key.
struct Recorder<P: Policy> {
    /// Whether the first reply to each effect is lost.
    is_crashing: bool,
    done: Mutex<Done<P>>,
}

struct Done<P: Policy> {
    issued: Vec<Commanded>,
    ends: BTreeMap<String, P::Command>,
    refusals: Vec<Arc<dyn Any + Send + Sync>>,
}

impl<P: Policy> Recorder<P> {
    fn issued(&self) -> Vec<Commanded> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).issued.clone()
    }
}

#[async_trait]
impl<P: Policy> Issue<P> for Recorder<P> {
    async fn issue(
        &self,
        effect: &Effect<P>,
        _: &Engine,
        context: &Context,
    ) -> Result<P::Command, Outcome> {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = done.ends.get(context.key.as_str()) {
            return Ok(end.clone());
        }
        let commanded = effect.commanded().map_err(Outcome::Parked)?;
        let mut refusals = done.refusals.iter().enumerate();
        let refused = refusals.find_map(|(place, it)| Some((place, effect.refused(&**it)?)));
        let end = match refused {
            Some((place, end)) => {
                done.refusals.remove(place);
                end
            }
            None => effect.done(),
        };
        done.issued.push(commanded);
        done.ends.insert(context.key.to_string(), end.clone());
        if self.is_crashing { Err(Outcome::Retry(LOST.to_owned())) } else { Ok(end) }
    }
}
