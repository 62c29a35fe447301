//! Specifications of deciders and views, as sentences: given what happened, when this is asked, then that happens.
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
//! A spec that does not hold panics at the test's own line and shows the difference. Each spec of an [`Aggregate`]
//! also holds it to what a store relies on, whatever the spec is about:
//!
//! - events survive being stored and read;
//! - the same state and command give the same decision;
//! - a state that was a snapshot decides like one that was folded.
//!
//! A refused command cannot have events: the types see to that.
//!
//! Views are specified in the same words, and may add what delivery does to them:
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
//! The three words are Greg Young's, as Emmett has them for deciders. That views answer to reordered and repeated
//! deliveries in a spec is ours.

mod delivery;
mod difference;
#[cfg(test)]
mod failing;
mod golden;
mod permutations;
#[cfg(test)]
mod tests;
mod view;
#[cfg(test)]
mod view_tests;

pub use golden::golden_files;
pub use view::{GivenView, Happened, ProjectedView, given_view, given_view_across, happened};

use std::fmt::Debug;

use self::difference::{changed, count, difference, expectation, line, unlike};
use crate::{Aggregate, Decider, EventSchema};

/// What a decider decides.
type Decision<A> = Result<Vec<<A as Decider>::Event>, <A as Decider>::Refusal>;

/// What a decision breaks, if anything.
type DecisionLaw<A> =
    fn(&<A as Decider>::State, &<A as Decider>::Command, &Decision<A>) -> Option<String>;

/// What a spec's decider is held to besides the spec: what is wrong, if anything is.
struct Laws<A: Decider> {
    of_events: fn(&[A::Event]) -> Option<String>,
    of_decision: DecisionLaw<A>,
}

/// A decider with a past. [`given`] makes it.
pub struct Given<A: Decider> {
    state: A::State,
    laws: Laws<A>,
}

/// A decider that has met a command. [`Given::when`] makes it.
#[must_use = "a spec says nothing before `then`"]
pub struct Decided<A: Decider> {
    state: A::State,
    decision: Decision<A>,
    laws: Laws<A>,
}

/// Begins a spec of an aggregate: these events have happened.
///
/// # Panics
/// When one of the events does not survive being stored and read.
#[track_caller]
#[must_use = "a spec says nothing before `then`"]
pub fn given<A>(events: impl IntoIterator<Item = A::Event>) -> Given<A>
where
    A: Aggregate<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    begin(events, Laws { of_events: storage_law::<A::Event>, of_decision: decision_laws::<A> })
}

/// Begins a spec of a decider whose events are never stored: these events have happened. Only what the spec says is
/// checked.
#[track_caller]
#[must_use = "a spec says nothing before `then`"]
pub fn given_unstored<A>(events: impl IntoIterator<Item = A::Event>) -> Given<A>
where
    A: Decider<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    begin(events, Laws { of_events: |_| None, of_decision: |_, _, _| None })
}

#[track_caller]
fn begin<A: Decider>(events: impl IntoIterator<Item = A::Event>, laws: Laws<A>) -> Given<A> {
    let events: Vec<A::Event> = events.into_iter().collect();
    hold((laws.of_events)(&events));
    Given { state: events.iter().fold(A::State::default(), A::evolve), laws }
}

impl<A: Decider> Given<A> {
    /// What is asked.
    ///
    /// # Panics
    /// When the decider breaks a law: see the [module](self).
    #[track_caller]
    pub fn when(self, command: A::Command) -> Decided<A>
    where
        A::Command: Clone,
    {
        let Self { state, laws } = self;
        let decision = A::decide(&state, command.clone());
        hold((laws.of_decision)(&state, &command, &decision));
        Decided { state, decision, laws }
    }
}

impl<A> Decided<A>
where
    A: Decider<Event: Debug + PartialEq, Refusal: Debug + PartialEq>,
{
    /// Exactly these events happen, in this order. Answers with the spec's next beginning: what is true now.
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
        hold((self.laws.of_events)(&events));
        Given { state: events.iter().fold(self.state, A::evolve), laws: self.laws }
    }

    /// The command is accepted and nothing happens.
    ///
    /// # Panics
    /// When the command is refused or something happens.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        self.then([])
    }

    /// The command is refused for exactly this reason.
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

/// Ends the test where the spec stands.
#[track_caller]
#[expect(clippy::panic, reason = "a failed spec must fail its test")]
fn fail(why: &str) -> ! {
    panic!("the spec does not hold\n{why}");
}

#[track_caller]
fn hold(broken: Option<String>) {
    if let Some(why) = broken {
        fail(&why);
    }
}

/// An event that is stored and read is the same event.
fn storage_law<E: EventSchema + Debug + PartialEq>(events: &[E]) -> Option<String> {
    events.iter().find_map(|event| {
        let stored = match event.encode() {
            Ok(stored) => stored,
            Err(cause) => return Some(format!("  {event:?}\n  cannot be stored: {cause}\n")),
        };
        match E::decode(&stored.event_type, stored.schema_version, &stored.payload) {
            Ok(read) if read.as_slice() == std::slice::from_ref(event) => None,
            Ok(read) => Some(format!(
                "  an event is not what it was after being stored and read\n{}",
                difference(std::slice::from_ref(event), &read)
            )),
            Err(cause) => Some(format!("  {event:?}\n  cannot be read once stored: {cause}\n")),
        }
    })
}

/// A decision depends on the state and the command alone, and the state may have been a snapshot.
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
    let thawed = serde_json::to_string(state).and_then(|text| serde_json::from_str(&text));
    let thawed: A::State = match thawed {
        Ok(state) => state,
        Err(cause) => {
            return Some(format!("  the state does not survive a snapshot: {cause}\n"));
        }
    };
    let again = A::decide(&thawed, command.clone());
    (again != *decision)
        .then(|| format!("  decided differently after a snapshot\n{}", unlike(decision, &again)))
}
