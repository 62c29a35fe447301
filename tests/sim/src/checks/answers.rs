//! S3, S4, S5, S6: the answers match the stored events, and a state of the stream explains each refusal.

use std::collections::BTreeSet;

use dekigoto::{Aggregate as _, Commit, Timestamp, ZoneName};
use orders::{
    Amount, Currency, Day, OrderId,
    order::{
        CancelOrder, ConfirmOrder, Funds, Item, Order, OrderCommand, OrderState, PlaceOrder,
        ShipOrder,
    },
    payment::{
        Outcome, PaidOrder, Payment, PaymentCommand, PaymentEvent, PaymentState, ProcessPayment,
        RefundOutcome, RefundPayment,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::stored::{Command, new_events, streams};
use crate::{
    history::{Answer, Asked, Attempt, History, Moment, Op},
    world::World,
};

/// Compares the answers to every command with the store.
pub(crate) fn check(world: &World, history: &History) {
    let streams = streams(world);
    let ops = history.ops();
    for op in ops.iter() {
        let none = Vec::new();
        let commits = streams.get(&op.stream()).unwrap_or(&none);
        let is_own = |commit: &&Commit| {
            commit.context().key.as_str() == op.key && commit.context().actor == op.actor
        };
        let own = commits.iter().find(is_own);
        acceptance(world, op, own, commits);
        ghost(world, op, own);
        reused(world, op, &ops);
        for attempt in &op.attempts {
            refusal(world, op, attempt, commits);
        }
        if op.is_patient && !op.is_parallel && !op.answers().any(Answer::is_definite) {
            world.sim.violation("L6", format!("{} was never answered", op.name()));
        }
    }
}

/// An accepted command is stored, and all its accepting answers are equal.
fn acceptance(world: &World, op: &Op, own: Option<&Commit>, commits: &[Commit]) {
    let Some(accepted) = op.accepted() else { return };
    let is_accepted = |answer: &&Answer| (200..300).contains(&answer.status);
    let mut all = op.answers().filter(is_accepted);
    if let Some(other) = all.find(|answer| answer.body != accepted.body) {
        let what = format!("{}: first {}, then {}", op.name(), accepted.body, other.body);
        world.sim.violation("S5", what);
    }
    // A payment that is known under its reference gets the recorded answer, under any key.
    let by_reference = || {
        let (reference, kind) = recorded_as(op)?;
        let holds = |commit: &&Commit| {
            let event = &commit.events()[0];
            event.event_type == kind && event.payload.as_str().contains(reference)
        };
        commits.iter().find(holds)
    };
    match own.or_else(by_reference) {
        None => world.sim.violation("S3", format!("{} was accepted and is not stored", op.name())),
        Some(commit) if accepted.body["version"] != commit.last_version().get() => {
            let what = format!("{} is stored as {}", op.name(), commit.last_version());
            world.sim.violation("S3", format!("{what}, the answer was {}", accepted.body));
        }
        Some(commit) => {
            let events = commit.last_version().get();
            let before = commits.iter().take_while(|it| it.last_version().get() < events);
            let before: Vec<Commit> = before.cloned().collect();
            let at = commit.context().at;
            let decides = |command: Command| command.decide(&before) == Some(new_events(commit));
            if own.is_some() && !commands(world, op, at).into_iter().any(decides) {
                let what = format!("{} was accepted, but another request is stored", op.name());
                world.sim.violation("S3", what);
            }
        }
    }
}

/// The provider's reference of a payment or refund, and the event that records it.
fn recorded_as(op: &Op) -> Option<(&str, &'static str)> {
    let (field, kind) = match (&op.asked, op.body["outcome"].as_str()?) {
        (Asked::Pay, "captured") => ("reference", "PaymentReceived"),
        (Asked::Pay, _) => ("reference", "PaymentFailed"),
        (Asked::Refund, "refunded") => ("refundReference", "PaymentRefunded"),
        (Asked::Refund, _) => ("refundReference", "RefundFailed"),
        (Asked::Place | Asked::Confirm | Asked::Ship | Asked::Deliver | Asked::Cancel, _) => {
            return None;
        }
    };
    Some((op.body[field].as_str()?, kind))
}

/// A command that was always refused has written nothing. Neither has one whose last attempt ran alone and was refused.
fn ghost(world: &World, op: &Op, own: Option<&Commit>) {
    let is_refused = |attempt: &Attempt| {
        let answer = attempt.answer.as_ref();
        answer.is_some_and(|answer| (400..500).contains(&answer.status))
    };
    let was_refused = match op.is_parallel {
        true => op.attempts.iter().all(is_refused),
        false => op.attempts.last().is_some_and(is_refused),
    };
    // The client may have reused the key on purpose for another request.
    let is_reused = op.answers().any(|answer| answer.code() == "key-reused");
    if was_refused && !op.attempts.is_empty() && own.is_some() && !is_reused {
        world.sim.violation("S4", format!("{} was refused, and is stored", op.name()));
    }
}

/// A key is used up by another request of the same caller on the same stream, and by nothing else.
fn reused(world: &World, op: &Op, ops: &[Op]) {
    let is_other = |other: &Op| {
        (&other.key, &other.actor) == (&op.key, &op.actor)
            && other.stream() == op.stream()
            && (&other.asked, &other.body) != (&op.asked, &op.body)
    };
    let is_reused = op.answers().any(|answer| answer.code() == "key-reused");
    if is_reused && !ops.iter().any(is_other) {
        world.sim.violation("S5", format!("{}: its key is not used up there", op.name()));
    }
}

/// A refusal is correct for a state that the streams had during the request.
fn refusal(world: &World, op: &Op, attempt: &Attempt, commits: &[Commit]) {
    let Some(answer) = &attempt.answer else { return };
    let family = answer.body["type"].as_str().unwrap_or_default();
    if !family.ends_with(":illegal-transition") && answer.code() != "not-found" {
        return;
    }
    let (began, ended) = (attempt.began, attempt.ended);
    let of_stream = |moment: Moment| match op.asked {
        Asked::Pay | Asked::Refund => moment.payment,
        Asked::Place | Asked::Confirm | Asked::Ship | Asked::Deliver | Asked::Cancel => {
            moment.order
        }
    };
    let is_unknown = began.order == 0 && answer.code() == "not-found";
    let is_refused = |events: usize| {
        let events = u64::try_from(events).unwrap();
        let before = commits.iter().take_while(|commit| commit.last_version().get() <= events);
        let before: Vec<Commit> = before.cloned().collect();
        let mut commands = commands(world, op, Timestamp::EPOCH).into_iter();
        commands.any(|command| command.decide(&before).is_none())
    };
    if !is_unknown && !(of_stream(began)..=of_stream(ended)).any(is_refused) {
        let what = format!("{} was refused ({}) without a reason", op.name(), answer.code());
        world.sim.violation("S6", what);
    }
}

/// The command in a client's request. Where it needs a payment, there is one for each state of the payments that
/// the service may have read.
pub(crate) fn commands(world: &World, op: &Op, at: Timestamp) -> Vec<Command> {
    let command = match op.asked {
        Asked::Pay => return vec![payment(world, op)],
        Asked::Refund => return vec![refund(op)],
        Asked::Confirm => {
            let confirm = |funds| OrderCommand::ConfirmOrder(ConfirmOrder { funds });
            return funds(world, op).map(confirm).map(Command::Order).collect();
        }
        Asked::Ship => {
            let ship = |funds| {
                OrderCommand::ShipOrder(ShipOrder {
                    carrier: text(&op.body, "carrier"),
                    tracking_number: text(&op.body, "trackingNumber"),
                    funds,
                })
            };
            return funds(world, op).map(ship).map(Command::Order).collect();
        }
        Asked::Place => OrderCommand::PlaceOrder(PlaceOrder {
            customer_id: text(&op.body, "customerId"),
            currency: text(&op.body, "currency"),
            items: serde_json::from_value::<Vec<Item>>(op.body["items"].clone()).unwrap(),
            listed: BTreeSet::new(),
            placed_on: Day::of(at),
            time_zone: ZoneName::UTC,
        }),
        Asked::Deliver => OrderCommand::DeliverOrder,
        Asked::Cancel => {
            OrderCommand::CancelOrder(CancelOrder { reason: text(&op.body, "reason") })
        }
    };
    vec![Command::Order(command)]
}

/// What the order's payments came to while the request was under way, at each of their versions.
fn funds(world: &World, op: &Op) -> impl Iterator<Item = Funds> {
    let versions = op.attempts.iter().flat_map(|it| it.began.payment..=it.ended.payment);
    let versions: BTreeSet<usize> = versions.collect();
    funds_at(world, &op.order, versions)
}

/// What an order's payments came to at each of these versions.
pub(crate) fn funds_at(
    world: &World,
    order: &str,
    versions: impl IntoIterator<Item = usize>,
) -> impl Iterator<Item = Funds> {
    let events = world.events.events(&format!("Payment#{order}"));
    versions.into_iter().map(move |version| {
        let seen = events.iter().take(version).flat_map(|event| event.decode().unwrap());
        let seen: Vec<PaymentEvent> = seen.collect();
        Funds::Paid(Payment::fold(PaymentState::default(), &seen).paid())
    })
}

fn payment(world: &World, op: &Op) -> Command {
    let order_id: OrderId = op.order.parse().unwrap();
    let state = world.events.events(&format!("Order#{order_id}")).iter().fold(
        OrderState::default(),
        |state, event| {
            let events = event.decode().unwrap();
            <Order as dekigoto::Aggregate>::fold(state, &events)
        },
    );
    let Some(placed) = state.placed() else { return Command::Nothing };
    let outcome = match op.body["outcome"].as_str() {
        Some("captured") => Outcome::Captured,
        _ => Outcome::Declined(None),
    };
    Command::Payment(PaymentCommand::ProcessPayment(ProcessPayment {
        order: PaidOrder::new(order_id, placed),
        reference: text(&op.body, "reference"),
        amount: text::<Amount>(&op.body, "amount"),
        currency: text::<Currency>(&op.body, "currency"),
        outcome,
    }))
}

fn refund(op: &Op) -> Command {
    let outcome = match op.body["outcome"].as_str() {
        Some("refunded") => RefundOutcome::Refunded,
        _ => RefundOutcome::Failed,
    };
    Command::Payment(PaymentCommand::RefundPayment(RefundPayment {
        reference: text(&op.body, "reference"),
        refund_reference: text(&op.body, "refundReference"),
        amount: text::<Amount>(&op.body, "amount"),
        outcome,
        reason: None,
    }))
}

fn text<T: DeserializeOwned>(body: &Value, field: &str) -> T {
    serde_json::from_value(body[field].clone()).unwrap()
}
