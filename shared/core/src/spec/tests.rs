//! A spec that holds is silent; a failed one shows the difference, at the line of the test.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::{failing, given, given_unstored};
use crate::{Aggregate, Decider, event_schema};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Added {
    amount: u32,
}

/// An event that loses a field when it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Forgetful {
    #[serde(skip)]
    lost: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Event {
    Added(Added),
    Forgetful(Forgetful),
}

event_schema! { Event { Added as "Added": 1, Forgetful as "Forgetful": 1 } }

#[derive(Clone, Serialize)]
enum Command {
    Add(Vec<u32>),
    Forget,
    BeRandom,
    UseWhatSnapshotsForget,
}

#[derive(Debug, PartialEq)]
enum Refusal {
    Zero,
    TooMuch { most: u32 },
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    sum: u32,
    #[serde(skip)]
    forgotten: u32,
}

struct Counter;

impl Decider for Counter {
    type Command = Command;
    type Event = Event;
    type State = State;
    type Refusal = Refusal;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Add(amounts) if amounts.contains(&0) => Err(Refusal::Zero),
            Command::Add(amounts) if state.sum + amounts.iter().sum::<u32>() > 100 => {
                Err(Refusal::TooMuch { most: 100 - state.sum })
            }
            Command::Add(amounts) => Ok(amounts.into_iter().map(added).collect()),
            Command::Forget => Ok(vec![Event::Forgetful(Forgetful { lost: 7 })]),
            Command::BeRandom => Ok(vec![added(TIMES_ASKED.with_borrow_mut(|times| {
                *times += 1;
                *times
            }))]),
            Command::UseWhatSnapshotsForget => Ok(vec![added(state.forgotten)]),
        }
    }

    fn evolve(state: State, event: &Event) -> State {
        match event {
            Event::Added(Added { amount }) => {
                State { sum: state.sum + amount, forgotten: state.forgotten + amount }
            }
            Event::Forgetful(_) => state,
        }
    }
}

impl Aggregate for Counter {
    type Id = String;

    const TYPE: &'static str = "Counter";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

thread_local! {
    static TIMES_ASKED: RefCell<u32> = const { RefCell::new(0) };
}

fn added(amount: u32) -> Event {
    Event::Added(Added { amount })
}

fn failure_of(spec: impl FnOnce()) -> (String, u32) {
    failing::failure_of("spec/tests.rs", spec)
}

#[track_caller]
fn assert_reported_at(line: u32, text: &str) {
    failing::assert_reported_at(include_str!("tests.rs"), line, text);
}

#[test]
fn specs_that_hold_are_silent() {
    given::<Counter>([added(1)]).when(Command::Add(vec![2, 3])).then([added(2), added(3)]);
    given::<Counter>([added(1)]).when(Command::Add(vec![])).then_nothing();
    given::<Counter>([]).when(Command::Add(vec![0])).then_refused(Refusal::Zero);
}

#[test]
fn a_spec_continues_after_the_events_that_happened() {
    given::<Counter>([added(90)])
        .when(Command::Add(vec![9]))
        .then([added(9)])
        .when(Command::Add(vec![2]))
        .then_refused(Refusal::TooMuch { most: 1 });
}

#[test]
fn unexpected_events_are_shown_line_by_line_with_the_first_difference_marked() {
    let (message, line) = failure_of(|| {
        given::<Counter>([]).when(Command::Add(vec![1, 25, 3])).then([added(1), added(24)]);
    });
    assert_reported_at(line, ".then([added(1), added(24)])");
    assert_eq!(
        message,
        "the spec does not hold
  expected 2 events (-), got 3 events (+)
    = Added(Added { amount: 1 })
  > - Added(Added { amount: 24 })
  > + Added(Added { amount: 25 })
                             ^
    + Added(Added { amount: 3 })
"
    );
}

#[test]
fn missing_and_surplus_events_are_shown() {
    let (message, _) = failure_of(|| {
        given::<Counter>([]).when(Command::Add(vec![1])).then([added(1), added(2)]);
    });
    assert!(message.contains("  > - Added(Added { amount: 2 })"), "{message}");

    let (message, _) = failure_of(|| {
        given::<Counter>([]).when(Command::Add(vec![1])).then_nothing();
    });
    assert!(message.contains("expected nothing (-), got 1 event (+)"), "{message}");
    assert!(message.contains("  > + Added(Added { amount: 1 })"), "{message}");
}

#[test]
fn an_unexpected_refusal_is_shown() {
    let (message, line) = failure_of(|| {
        given::<Counter>([]).when(Command::Add(vec![101])).then([added(101)]);
    });
    assert_reported_at(line, ".then([added(101)])");
    assert!(message.contains("    - Added(Added { amount: 101 })"), "{message}");
    assert!(message.contains("got refused: TooMuch { most: 100 }"), "{message}");
}

#[test]
fn events_in_place_of_a_refusal_are_shown() {
    let (message, line) = failure_of(|| {
        given::<Counter>([]).when(Command::Add(vec![1])).then_refused(Refusal::Zero);
    });
    assert_reported_at(line, ".then_refused(Refusal::Zero)");
    assert!(message.contains("expected refused: Zero"), "{message}");
    assert!(message.contains("    + Added(Added { amount: 1 })"), "{message}");
}

#[test]
fn a_different_refusal_is_shown_below_the_expected_one() {
    let (message, _) = failure_of(|| {
        let command = Command::Add(vec![101]);
        given::<Counter>([]).when(command).then_refused(Refusal::TooMuch { most: 99 });
    });
    assert!(message.contains("- TooMuch { most: 99 }"), "{message}");
    assert!(message.contains("+ TooMuch { most: 100 }"), "{message}");
}

#[test]
fn an_event_that_changes_when_stored_fails_given_and_then() {
    let (message, _) = failure_of(|| {
        let _ = given::<Counter>([Event::Forgetful(Forgetful { lost: 1 })]);
    });
    assert!(message.contains("an event changed when it was stored and read"), "{message}");

    let (message, line) = failure_of(|| {
        given::<Counter>([]).when(Command::Forget).then([forgetful()]);
    });
    assert_reported_at(line, ".then([forgetful()])");
    assert!(message.contains("> + Forgetful(Forgetful { lost: 0 })"), "{message}");
}

fn forgetful() -> Event {
    Event::Forgetful(Forgetful { lost: 7 })
}

#[test]
fn a_decision_that_differs_when_repeated_fails() {
    let (message, _) = failure_of(|| {
        let _ = given::<Counter>([]).when(Command::BeRandom);
    });
    assert!(message.contains("decided twice, decided differently"), "{message}");
}

#[test]
fn a_state_that_decides_differently_after_a_snapshot_fails() {
    let (message, line) = failure_of(|| {
        let _ = given::<Counter>([added(3)]).when(Command::UseWhatSnapshotsForget);
    });
    assert_reported_at(line, ".when(Command::UseWhatSnapshotsForget)");
    assert!(message.contains("decided differently after a snapshot"), "{message}");
}

#[test]
fn a_spec_of_an_unstored_decider_checks_no_laws() {
    given_unstored::<Counter>([forgetful()]).when(Command::Forget).then([forgetful()]);
    let (message, _) = failure_of(|| {
        given_unstored::<Counter>([]).when(Command::Add(vec![1])).then_nothing();
    });
    assert!(message.contains("  > + Added(Added { amount: 1 })"), "{message}");
}
