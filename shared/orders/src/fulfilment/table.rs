//! What a fulfilment does in each state with each input: the table in the module's documentation. A new phase, input, status
//! or end does not compile, or fails a test, until the table has it.

use std::{collections::BTreeSet, fmt::Write as _};

use dekigoto::{Decider as _, spec::given};

use super::{
    Fulfilment, FulfilmentCommand, FulfilmentEvent, FulfilmentState, Phase, RequestEnd,
    specs::{
        cancellation_requested, confirmation_requested, count_payment, count_refund, counted,
        ended, noted, start, started,
    },
};
use crate::Status;

const TABLE: &str = include_str!("table.md");

/// The ends of a request to the order.
const ENDS: [RequestEnd; 3] = [RequestEnd::Done, RequestEnd::Refused, RequestEnd::Moved];

/// One state of each phase, and of a paid order that a person confirms. The order costs 3,000.
fn states() -> Vec<(&'static str, Vec<FulfilmentEvent>)> {
    let paid = || counted("ch_1", 3000);
    let confirming = vec![started(true), paid(), confirmation_requested(1)];
    let cancelling = vec![started(true), cancellation_requested(1)];
    let then = |events: &[FulfilmentEvent], next| [events, &[next]].concat();
    let confirmed = then(&confirming, ended(1, RequestEnd::Done));
    vec![
        ("Unplaced", vec![]),
        ("AwaitingPayment", vec![started(true)]),
        ("AwaitingPayment, paid", vec![started(false), paid()]),
        ("Confirming", confirming),
        ("Cancelling", cancelling.clone()),
        ("Waiting", then(&cancelling, ended(1, RequestEnd::Moved))),
        ("Confirmed", confirmed.clone()),
        ("Shipped", then(&confirmed, noted(Status::Shipped))),
        ("Cancelled", then(&cancelling, ended(1, RequestEnd::Done))),
    ]
}

/// One input of each kind. `in_phase` decides which request ends.
fn inputs(in_phase: Phase) -> Vec<(&'static str, FulfilmentCommand)> {
    let noted = |status: Status| (status.as_str(), FulfilmentCommand::NoteStatus(status));
    let ended = |end: RequestEnd| (name_of(end), ends_in(in_phase, end));
    let facts = vec![
        ("placed", FulfilmentCommand::StartFulfilment(start(true))),
        ("part paid", count_payment("ch_2", 1000, "JPY")),
        ("paid", count_payment("ch_2", 3000, "JPY")),
        ("paid in euros", count_payment("ch_2", 3000, "EUR")),
        ("refunded", count_refund("ch_1", 500, 9)),
        ("due", FulfilmentCommand::PassDeadline),
    ];
    let statuses = Status::ALL.into_iter().map(noted);
    facts.into_iter().chain(statuses).chain(ENDS.into_iter().map(ended)).collect()
}

fn name_of(end: RequestEnd) -> &'static str {
    match end {
        RequestEnd::Done => "done",
        RequestEnd::Refused => "refused",
        RequestEnd::Moved => "moved",
    }
}

/// The end of the request that a process in this phase waits for.
fn ends_in(phase: Phase, end: RequestEnd) -> FulfilmentCommand {
    match phase {
        Phase::Cancelling => FulfilmentCommand::EndCancellation(end),
        Phase::Unplaced
        | Phase::AwaitingPayment
        | Phase::Confirming
        | Phase::Waiting
        | Phase::Confirmed
        | Phase::Shipped
        | Phase::Cancelled => FulfilmentCommand::EndConfirmation(end),
    }
}

/// The place of each phase. The match names all.
fn place_of_phase(phase: Phase) -> usize {
    match phase {
        Phase::Unplaced => 0,
        Phase::AwaitingPayment => 1,
        Phase::Confirming => 2,
        Phase::Cancelling => 3,
        Phase::Waiting => 4,
        Phase::Confirmed => 5,
        Phase::Shipped => 6,
        Phase::Cancelled => 7,
    }
}

/// The place of each kind of input. The match names all.
fn place_of_input(input: &FulfilmentCommand) -> usize {
    match input {
        FulfilmentCommand::StartFulfilment(_) => 0,
        FulfilmentCommand::NoteStatus(_) => 1,
        FulfilmentCommand::CountPayment(_) => 2,
        FulfilmentCommand::CountRefund(_) => 3,
        FulfilmentCommand::PassDeadline => 4,
        FulfilmentCommand::EndConfirmation(_) => 5,
        FulfilmentCommand::EndCancellation(_) => 6,
    }
}

#[test]
fn the_table_has_every_phase_and_every_kind_of_input() {
    let phases = states().into_iter().map(|(_, events)| state(&events).phase());
    let phases: Vec<Phase> = phases.collect();
    let inputs = phases.iter().flat_map(|phase| inputs(*phase));
    let inputs: BTreeSet<usize> = inputs.map(|(_, input)| place_of_input(&input)).collect();
    let phases: BTreeSet<usize> = phases.into_iter().map(place_of_phase).collect();
    assert_eq!(phases, (0..8).collect());
    assert_eq!(inputs, (0..7).collect());
}

fn state(events: &[FulfilmentEvent]) -> FulfilmentState {
    events.iter().fold(FulfilmentState::default(), Fulfilment::evolve)
}

/// What an input does: `-` nothing, `noted` when the phase stays, the next phase, and the refunds that are asked for.
fn cell(events: &[FulfilmentEvent], command: &FulfilmentCommand) -> String {
    let before = state(events);
    let Ok(decided) = Fulfilment::decide(&before, command.clone());
    // Also checks the laws of every stored aggregate.
    let _ = given::<Fulfilment>(events.to_vec()).when(command.clone()).then(decided.clone());
    if decided.is_empty() {
        return "-".to_owned();
    }
    let after = decided.iter().fold(before.clone(), Fulfilment::evolve);
    let refunds = decided.iter().filter_map(|event| match event {
        FulfilmentEvent::RefundRequested(it) => Some(it.amount),
        FulfilmentEvent::Started(_)
        | FulfilmentEvent::PaymentCounted(_)
        | FulfilmentEvent::RefundCounted(_)
        | FulfilmentEvent::OrderStatusNoted(_)
        | FulfilmentEvent::ConfirmationRequested(_)
        | FulfilmentEvent::CancellationRequested(_)
        | FulfilmentEvent::RequestEnded(_) => None,
    });
    let mut text = match after.phase() {
        same if same == before.phase() => "noted".to_owned(),
        phase => format!("{phase:?}"),
    };
    for refund in refunds {
        // Writing to a String cannot fail.
        let _ = write!(text, ", refund {refund}");
    }
    text
}

#[test]
fn every_state_and_input_is_in_the_table() {
    let mut table = String::from(
        "\nWhat an input does in each state, for an order of 3,000 JPY that confirms itself: `-` nothing, `noted` it is \
         recorded, or the\nnext state; and what is asked back. `done`, `refused` and `moved` are the ends of a request to \
         the order.\n\n| |",
    );
    for (input, _) in inputs(Phase::Unplaced) {
        let _ = write!(table, " {input} |");
    }
    table += "\n|---|";
    for _ in inputs(Phase::Unplaced) {
        table += "---|";
    }
    for (name, events) in states() {
        let _ = write!(table, "\n| {name} |");
        for (_, command) in inputs(state(&events).phase()) {
            let _ = write!(table, " {} |", cell(&events, &command));
        }
    }
    table += "\n";
    assert!(table == TABLE, "table.md should be:\n{table}");
}

#[test]
fn the_end_of_another_request_changes_nothing() {
    for (name, events) in states() {
        let state = state(&events);
        for end in ENDS {
            let other = match ends_in(state.phase(), end) {
                FulfilmentCommand::EndCancellation(end) => FulfilmentCommand::EndConfirmation(end),
                _ => FulfilmentCommand::EndCancellation(end),
            };
            assert_eq!(Fulfilment::decide(&state, other), Ok(vec![]), "{name} {end:?}");
        }
    }
}
