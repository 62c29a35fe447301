//! S10, L3: at rest, each order that the policy carries is at an end or waits for a person, no deadline was lost, and the
//! money that is left is what is owed.

use std::collections::BTreeMap;

use dekigoto::{Aggregate as _, Envelope};
use orders::{
    Amount, Currency, PaymentId,
    fulfilment::{FulfilmentEvent, Phase},
    order::Order,
    payment::{Payment, PaymentEvent, PaymentState},
};
use serde_json::Value;

use crate::{nemesis::ARCHIVE, policies::Process, world::World};

/// Checks every order of a system at rest.
pub(crate) fn check(world: &World) {
    if world.policy.is_none() {
        return;
    }
    let all = world.events.all_events().into_iter();
    for placed in all.filter(|event| event.event_type == "OrderPlaced") {
        let process = Process::of(world, &placed.aggregate_id);
        ended(world, &process);
        deadline(world, &process);
        // What an archive says of old orders has no payments.
        if placed.metadata.actor != ARCHIVE {
            money(world, &placed, &process);
        }
    }
}

/// The process has started, waits for no deadline, and knows the order's status.
fn ended(world: &World, process: &Process) {
    let order = &process.order;
    let phase = process.state.phase();
    if process.state.owed().is_none() {
        return world.sim.violation("L3", format!("no process was started for {order}"));
    }
    if process.waits() {
        return world.sim.violation("L3", format!("the deadline of {order} was lost"));
    }
    let status = status(world, order);
    let knows = match phase {
        // A paid order that a person has to confirm.
        Phase::AwaitingPayment => status == "OrderPlaced" && !world.confirms_itself(),
        Phase::Confirmed => status == "OrderConfirmed",
        Phase::Shipped => matches!(&*status, "OrderShipped" | "OrderDelivered"),
        Phase::Cancelled => status == "OrderCancelled",
        Phase::Unplaced | Phase::Confirming | Phase::Cancelling | Phase::Waiting => false,
    };
    if !knows {
        let what =
            format!("the process of {order} is {phase:?}, the order's last event is {status}");
        world.sim.violation("L3", what);
    }
}

/// The newest event of an order.
fn status(world: &World, order: &str) -> String {
    let events = world.events.events(&format!("{}#{order}", Order::TYPE));
    events.last().map(|event| event.event_type.clone()).unwrap_or_default()
}

/// A deadline is never passed before its time. It may be passed late.
fn deadline(world: &World, process: &Process) {
    let mut pay_until = None;
    let stored = world.events.events(&crate::policies::stream_of(&process.order));
    for (event, stored) in process.events.iter().zip(&stored) {
        if let FulfilmentEvent::Started(started) = event {
            pay_until = Some(started.pay_until);
        }
        let (FulfilmentEvent::CancellationRequested(_), Some(due)) = (event, pay_until) else {
            continue;
        };
        let late = stored.occurred_at.as_millis() - due.as_millis();
        if late < 0 {
            let what = format!("the deadline of {} was passed {late} ms early", process.order);
            world.sim.violation("S6", what);
        }
        if late > 90_000 {
            world.sim.mark("a deadline fired late");
        }
    }
}

/// Captured minus refunded is what is owed, and each payment was refunded as much as was asked for.
fn money(world: &World, placed: &Envelope, process: &Process) {
    let order = &process.order;
    let payload: Value = placed.payload.read().unwrap();
    let currency: Currency = serde_json::from_value(payload["currency"].clone()).unwrap();
    let total: Amount = serde_json::from_value(payload["totalAmount"].clone()).unwrap();
    let is_cancelled = status(world, order) == "OrderCancelled";
    let owed = if is_cancelled { Amount::ZERO } else { total };
    let stored = world.events.events(&format!("{}#{order}", Payment::TYPE));
    let events: Vec<PaymentEvent> = stored.iter().flat_map(|it| it.decode().unwrap()).collect();
    let payments = Payment::fold(PaymentState::default(), &events);
    let left = payments.captured(currency).saturating_minus(payments.refunded(currency));
    if left != owed {
        let what = format!("{order}: {left} are left of what was captured, {owed} are owed");
        world.sim.violation("S10", what);
    }
    for other in payments.captured_currencies().into_iter().filter(|it| *it != currency) {
        if payments.captured(other) != payments.refunded(other) {
            world.sim.violation("S10", format!("{order}: a capture in {other} was not refunded"));
        }
    }
    let asked = asked_back(process);
    for payment in payments.payments() {
        let asked = asked.get(&payment.payment_id).copied().unwrap_or(Amount::ZERO);
        if asked != payment.refunded_amount() {
            let refunded = payment.refunded_amount();
            let what =
                format!("{order}: {asked} of a payment were asked back, {refunded} refunded");
            world.sim.violation("S10", what);
        }
    }
}

/// What the process asked back, by payment.
fn asked_back(process: &Process) -> BTreeMap<PaymentId, Amount> {
    let mut asked = BTreeMap::new();
    for event in &process.events {
        if let FulfilmentEvent::RefundRequested(it) = event {
            let sum: &mut Amount = asked.entry(it.payment_id).or_insert(Amount::ZERO);
            *sum = sum.saturating_plus(it.amount);
        }
    }
    asked
}
