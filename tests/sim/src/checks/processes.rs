//! S6, S9, S10, L2, L3: what a policy commits was requested by its process once, a process at rest wants nothing, and it
//! has asked back what nobody owes.

use dekigoto::{Aggregate as _, Commit, NewEvent, policies::Policy as _};
use orders::{
    Amount, OrderId,
    fulfilment::{Fulfilment, FulfilmentEvent, FulfilmentState},
    order::{CancelOrder, ConfirmOrder, OrderCommand},
};
use serde_json::Value;

use super::{
    answers::funds_at,
    stored::{Command, new_events},
};
use crate::world::World;

/// The actor of commits by the policy.
pub(crate) const POLICY: &str = "policy:fulfilment";

/// The event by which a process requests a command of the order, and the event that is the command's effect.
const REQUESTS: [(&str, &str); 2] =
    [("ConfirmationRequested", "OrderConfirmed"), ("CancellationRequested", "OrderCancelled")];

/// Checks a commit of the policy in an order's stream: the process requested it, and not fewer times than it happened.
pub(crate) fn requested(world: &World, stream: &str, before: &[Commit], commit: &Commit) {
    let Some(("Order", id)) = stream.split_once('#') else { return };
    let found: Vec<NewEvent> = new_events(commit);
    let kind = found[0].event_type.as_str();
    let is_of_policy = |it: &&Commit| {
        it.context().actor == POLICY && it.events().iter().any(|event| event.event_type == kind)
    };
    let effects = 1 + before.iter().filter(is_of_policy).count();
    let request = REQUESTS.iter().find(|(_, effect)| *effect == kind).map(|(request, _)| *request);
    let process = world.events.events(&format!("Fulfilment#{id}"));
    let requests =
        process.iter().filter(|event| Some(event.event_type.as_str()) == request).count();
    if effects > requests {
        let what = format!("{stream}: the policy did {kind} {effects} times, requested {requests}");
        world.sim.violation("S9", what);
    }
    let decides = |command| Command::Order(command).decide(before).as_ref() == Some(&found);
    if !commands(world, id, &found[0]).into_iter().any(decides) {
        let what = format!("{stream}: the policy's {kind} was decided on another state");
        world.sim.violation("S6", what);
    }
}

/// The commands that the policy may have issued, whatever it knew of the payments.
fn commands(world: &World, id: &str, event: &NewEvent) -> Vec<OrderCommand> {
    if event.event_type == "OrderCancelled" {
        let payload: Value = event.payload.read().unwrap();
        let reason = serde_json::from_value(payload["reason"].clone()).unwrap();
        return vec![OrderCommand::CancelOrder(CancelOrder { reason })];
    }
    let versions = 0..=world.events.len(&format!("Payment#{id}"));
    let confirm = |funds| OrderCommand::ConfirmOrder(ConfirmOrder { funds });
    funds_at(world, id, versions).map(confirm).collect()
}

/// Checks every process of a system at rest.
pub(crate) fn check(world: &World) {
    let all = world.events.all_events().into_iter();
    let ids =
        all.filter(|event| event.aggregate_type == Fulfilment::TYPE && event.version.get() == 1);
    for id in ids.map(|event| event.aggregate_id) {
        let events = world.events.events(&format!("Fulfilment#{id}"));
        let events = events.iter().flat_map(|event| event.decode().unwrap());
        let events: Vec<FulfilmentEvent> = events.collect();
        let state = Fulfilment::fold(FulfilmentState::default(), &events);
        let order: OrderId = id.parse().unwrap();
        if Fulfilment::effect(&order, &state).is_some() {
            world.sim.violation("L3", format!("the process of {id} still wants something"));
        }
        money(world, &id, &state);
    }
}

/// Every capture is counted, and what nobody owes is asked back.
fn money(world: &World, id: &str, state: &FulfilmentState) {
    let payments = world.events.events(&format!("Payment#{id}"));
    let captured = payments.iter().filter(|event| event.event_type == "PaymentReceived").count();
    let counted = state.payments().iter().filter(|it| it.captured.is_some()).count();
    if counted != captured {
        let what = format!("the process of {id} has counted {counted} of {captured} payments");
        world.sim.violation("L2", what);
    }
    let kept = state.payments().iter().map(|it| {
        let claimed = it.refunded.max(it.requested);
        it.captured.unwrap_or(Amount::ZERO).saturating_minus(claimed)
    });
    let kept = kept.fold(Amount::ZERO, Amount::saturating_plus);
    if state.owed().is_some_and(|owed| kept > owed) {
        let what = format!("{id}: {kept} are kept, and {:?} are owed", state.owed());
        world.sim.violation("S10", what);
    }
}
