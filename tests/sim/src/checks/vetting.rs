//! S6, S9, L3: what the second policy did to an order was requested by its process, once, and every doubt has come to its
//! end.

use dekigoto::{Aggregate as _, Commit};
use orders::order::{CancelOrder, OrderCommand};

use super::{
    effects::key_of,
    stored::{Command, new_events},
};
use crate::{
    nemesis::ARCHIVE,
    vetting::{End, STEP, Vetting, VettingEvent, VettingState},
    world::World,
};

/// The actor of commits by the second policy.
pub(crate) const VETTING: &str = "policy:vetting";

/// Checks a commit of the second policy in an order's stream.
pub(crate) fn requested(world: &World, stream: &str, before: &[Commit], commit: &Commit) {
    let Some(("Order", id)) = stream.split_once('#') else { return };
    if commit.context().key != key_of(Vetting::TYPE, id, STEP) {
        let key = &commit.context().key;
        world.sim.violation("S9", format!("{stream}: {key} is the key of no step of vetting"));
    }
    if state(world, id) == VettingState::Unpaid {
        world.sim.violation("S9", format!("{stream}: nobody doubted it"));
    }
    let cancel = CancelOrder { reason: "in doubt".parse().unwrap() };
    let decided = Command::Order(OrderCommand::CancelOrder(cancel)).decide(before);
    if decided != Some(new_events(commit)) {
        let what = format!("{stream}: vetting's command was decided on another state");
        world.sim.violation("S6", what);
    }
    if before.iter().any(|it| it.events().iter().any(|event| event.event_type == "OrderConfirmed"))
    {
        world.sim.mark("a policy cancelled what another had confirmed");
    }
}

/// Checks every paid order of a system at rest.
pub(crate) fn check(world: &World) {
    let Some(vetting) = world.vetting else { return };
    let all = world.events.all_events().into_iter();
    let paid = all.filter(|it| it.event_type == "PaymentReceived" && it.metadata.actor != ARCHIVE);
    for id in paid.map(|event| event.aggregate_id).filter(|id| vetting.doubts(id)) {
        let orders = world.events.events(&format!("Order#{id}"));
        let cancelled = orders.iter().any(|event| event.metadata.actor == VETTING);
        let state = state(world, &id);
        match state {
            VettingState::Ended(End::Refused) => {
                world.sim.mark("a policy came too late for an order");
            }
            VettingState::Ended(End::Done) => {}
            VettingState::Unpaid | VettingState::Doubted => {
                world.sim.violation("L3", format!("{id}: the doubt is {state:?}"));
            }
        }
        if cancelled != (state == VettingState::Ended(End::Done)) {
            let what = format!("{id}: the doubt is {state:?}, it cancelled: {cancelled}");
            world.sim.violation("S9", what);
        }
    }
}

fn state(world: &World, id: &str) -> VettingState {
    let stored = world.events.events(&format!("{}#{id}", Vetting::TYPE));
    let events: Vec<VettingEvent> = stored.iter().flat_map(|it| it.decode().unwrap()).collect();
    Vetting::fold(VettingState::default(), &events)
}
