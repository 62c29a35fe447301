//! Specs of deciders and views: given these events, when this command comes, then those events happen.
//!
//! ```
//! # use dekigoto::{Aggregate, Decider, event_schema};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Lit {}
//! # #[derive(Clone, Debug, PartialEq)]
//! # enum Event { Lit(Lit) }
//! # event_schema! { Event { Lit as "Lit": 1 } }
//! # #[derive(Clone, Serialize)]
//! # enum Command { Light }
//! # #[derive(Debug, PartialEq)]
//! # enum Refusal { AlreadyLit }
//! # struct Lamp;
//! # impl Decider for Lamp {
//! #     type Command = Command; type Event = Event; type State = bool; type Refusal = Refusal;
//! #     fn decide(lit: &bool, _: Command) -> Result<Vec<Event>, Refusal> {
//! #         if *lit { Err(Refusal::AlreadyLit) } else { Ok(vec![Event::Lit(Lit {})]) }
//! #     }
//! #     fn evolve(_: bool, _: &Event) -> bool { true }
//! # }
//! # impl Aggregate for Lamp {
//! #     type Id = String; const TYPE: &'static str = "Lamp"; const SNAPSHOT_SCHEMA: u32 = 1;
//! # }
//! use dekigoto::spec::given;
//!
//! given::<Lamp>([]).when(Command::Light).then([Event::Lit(Lit {})]);
//! given::<Lamp>([Event::Lit(Lit {})]).when(Command::Light).then_refused(Refusal::AlreadyLit);
//! ```
//!
//! A failed spec panics at its own line and shows the difference. Every spec of an [`Aggregate`] also checks the laws
//! that a store relies on:
//!
//! - an event is the same after it was stored and read;
//! - the same state and command give the same decision;
//! - a state from a snapshot decides like a folded one.
//!
//! Specs of views use the same words, and can vary the delivery of the events:
//!
//! ```
//! # use dekigoto::{Aggregate, Decider, Envelope, event_schema, views::{Fold, SingleView, View}};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
//! # struct Lit {}
//! # #[derive(Clone, Debug, PartialEq)]
//! # enum Event { Lit(Lit) }
//! # event_schema! { Event { Lit as "Lit": 1 } }
//! # struct Lamp;
//! # impl Decider for Lamp {
//! #     type Command = (); type Event = Event; type State = (); type Refusal = ();
//! #     fn decide(_: &(), _: ()) -> Result<Vec<Event>, ()> { Err(()) }
//! #     fn evolve(_: (), _: &Event) {}
//! # }
//! # impl Aggregate for Lamp {
//! #     type Id = String; const TYPE: &'static str = "Lamp"; const SNAPSHOT_SCHEMA: u32 = 1;
//! # }
//! # struct TimesLit;
//! # impl View for TimesLit {
//! #     type Row = u32; type Folds = (Lamp,); const NAME: &'static str = "times-lit";
//! # }
//! # impl Fold<Lamp> for TimesLit {
//! #     fn fold(row: &mut u32, _: &Event, _: &Envelope) { *row += 1; }
//! # }
//! # impl SingleView for TimesLit {}
//! use dekigoto::spec::{given_view, happened};
//!
//! let lit = || happened::<Lamp>("lamp-1", Event::Lit(Lit {}));
//! given_view::<TimesLit>([lit()]).when(lit()).delivered_twice().shuffled().then(2);
//! ```
//!
//! Specs of policies tell which commands a policy issues; see [`policies`](crate::policies) for one.
//!
//! Given-when-then specs of aggregates are Greg Young's, and Emmett's for deciders. Specs of views under reordered and
//! repeated delivery are our addition.

mod delivery;
mod difference;
#[cfg(test)]
mod failing;
mod golden;
mod permutations;
mod policy;
#[cfg(test)]
mod tests;
mod view;
#[cfg(test)]
mod view_tests;

pub use golden::golden_files;
pub use policy::{GivenPolicy, ReactingPolicy, commanded, given_policy};
pub use view::{GivenView, Happened, ProjectedView, given_view, given_view_across, happened};

use std::fmt::Debug;

use self::difference::{changed, count, difference, expectation, line, unlike};
use crate::{Aggregate, Decider, EventSchema};

/// The result of `decide`.
type Decision<A> = Result<Vec<<A as Decider>::Event>, <A as Decider>::Refusal>;

/// Checks a decision; `Some` describes the broken law.
type DecisionLaw<A> =
    fn(&<A as Decider>::State, &<A as Decider>::Command, &Decision<A>) -> Option<String>;

/// The laws that a spec checks besides its own expectation. `Some` describes the broken one.
struct Laws<A: Decider> {
    of_events: fn(&[A::Event]) -> Option<String>,
    of_decision: DecisionLaw<A>,
}

/// A decider after some events. Made by [`given`].
pub struct Given<A: Decider> {
    state: A::State,
    laws: Laws<A>,
}

/// A decider after a command. Made by [`Given::when`].
#[must_use = "a spec checks nothing without `then`"]
pub struct Decided<A: Decider> {
    state: A::State,
    decision: Decision<A>,
    laws: Laws<A>,
}

/// Begins a spec of an aggregate after these events.
///
/// # Panics
/// When an event is not the same after it was stored and read.
#[track_caller]
#[must_use = "a spec checks nothing without `then`"]
pub fn given<A>(events: impl IntoIterator<Item = A::Event>) -> Given<A>
where
    A: Aggregate<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    begin(events, Laws { of_events: storage_law::<A::Event>, of_decision: decision_laws::<A> })
}

/// Begins a spec of a decider whose events are never stored, after these events. No laws are checked.
#[track_caller]
#[must_use = "a spec checks nothing without `then`"]
pub fn given_unstored<A>(events: impl IntoIterator<Item = A::Event>) -> Given<A>
where
    A: Decider<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    begin(events, Laws { of_events: |_| None, of_decision: |_, _, _| None })
}

#[track_caller]
fn begin<A: Decider>(events: impl IntoIterator<Item = A::Event>, laws: Laws<A>) -> Given<A> {
    let events: Vec<A::Event> = events.into_iter().collect();
    assert_law((laws.of_events)(&events));
    Given { state: events.iter().fold(A::State::default(), A::evolve), laws }
}

impl<A: Decider> Given<A> {
    /// Decides on a command.
    ///
    /// # Panics
    /// When the decision breaks a law; see the [module](self).
    #[track_caller]
    pub fn when(self, command: A::Command) -> Decided<A>
    where
        A::Command: Clone,
    {
        let Self { state, laws } = self;
        let decision = A::decide(&state, command.clone());
        assert_law((laws.of_decision)(&state, &command, &decision));
        Decided { state, decision, laws }
    }
}

impl<A> Decided<A>
where
    A: Decider<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    /// Expects exactly these events, in this order. Returns a `Given` with these events added, to continue the spec.
    ///
    /// # Panics
    /// When the command is refused or other events happen.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<A::Event> = expected.into_iter().collect();
        let events = match self.decision {
            Ok(events) if events == expected => events,
            Ok(events) => fail(&difference(&expected, &events)),
            Err(refusal) => {
                fail(&format!("{}refused: {refusal:?}\n", expectation(&expected)));
            }
        };
        assert_law((self.laws.of_events)(&events));
        Given { state: events.iter().fold(self.state, A::evolve), laws: self.laws }
    }

    /// Expects that the command is accepted without events.
    ///
    /// # Panics
    /// When the command is refused or events happen.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        self.then([])
    }

    /// Expects exactly this refusal.
    ///
    /// # Panics
    /// When the command is accepted or refused for another reason.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a spec reads better without borrowing")]
    pub fn then_refused(self, expected: A::Refusal) {
        match self.decision {
            Err(refusal) if refusal == expected => {}
            Err(refusal) => fail(&changed(&format!("{expected:?}"), &format!("{refusal:?}"))),
            Ok(events) => {
                let mut text =
                    format!("  expected refused: {expected:?}\n  got {}\n", count(&events));
                for event in &events {
                    line(&mut text, "    + ", &format!("{event:?}"));
                }
                fail(&text);
            }
        }
    }
}

/// Fails the test at the line of the spec.
#[track_caller]
#[expect(clippy::panic, reason = "a failed spec must fail its test")]
fn fail(why: &str) -> ! {
    panic!("the spec does not hold\n{why}");
}

#[track_caller]
fn assert_law(broken: Option<String>) {
    if let Some(why) = broken {
        fail(&why);
    }
}

/// An event is the same after it was stored and read.
fn storage_law<E: EventSchema + Debug + PartialEq>(events: &[E]) -> Option<String> {
    events.iter().find_map(|event| {
        let stored = match event.encode() {
            Ok(stored) => stored,
            Err(cause) => return Some(format!("  {event:?}\n  cannot be stored: {cause}\n")),
        };
        match E::decode(&stored.event_type, stored.schema_version, &stored.payload) {
            Ok(read) if read.as_slice() == std::slice::from_ref(event) => None,
            Ok(read) => Some(format!(
                "  an event changed when it was stored and read\n{}",
                difference(std::slice::from_ref(event), &read)
            )),
            Err(cause) => Some(format!("  {event:?}\n  cannot be read once stored: {cause}\n")),
        }
    })
}

/// A decision depends only on the state and the command, and the state may come from a snapshot.
fn decision_laws<A>(
    state: &A::State,
    command: &A::Command,
    decision: &Decision<A>,
) -> Option<String>
where
    A: Aggregate<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    let again = A::decide(state, command.clone());
    if again != *decision {
        return Some(format!("  decided twice, decided differently\n{}", unlike(decision, &again)));
    }
    let restored = serde_json::to_string(state).and_then(|text| serde_json::from_str(&text));
    let restored: A::State = match restored {
        Ok(state) => state,
        Err(cause) => {
            return Some(format!("  the state does not survive a snapshot: {cause}\n"));
        }
    };
    let again = A::decide(&restored, command.clone());
    (again != *decision)
        .then(|| format!("  decided differently after a snapshot\n{}", unlike(decision, &again)))
}
