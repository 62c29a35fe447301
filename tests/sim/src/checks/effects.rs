//! S9: a step of a process is issued once, under a key that derives from process and step, and the process knows how it
//! ended.

use std::collections::BTreeSet;

use dekigoto::{Aggregate as _, CommandKey, Envelope, Fingerprint};
use orders::{
    fulfilment::{Fulfilment, FulfilmentEvent, RequestEnd, RequestEnded},
    order::Order,
};

use super::processes::POLICY;
use crate::{policies::Process, world::World};

/// The key of an effect of the fulfilment policy, as it is stored.
pub(crate) fn effect_key(order: &str, step: u64) -> CommandKey {
    key_of(Fulfilment::TYPE, order, step)
}

/// The key of an effect, as it is stored.
pub(crate) fn key_of(process: &str, order: &str, step: u64) -> CommandKey {
    let names = ["effect", process, order, &step.to_string()];
    format!("effect-{}", Fingerprint::of(&names).as_str()).parse().unwrap()
}

/// Whether the policy caused this event of an order.
pub(crate) fn is_by_policy(event: &Envelope) -> bool {
    event.metadata.actor == POLICY && event.aggregate_type == Order::TYPE
}

/// Compares the requests of each process with what happened to its order.
pub(crate) fn check(world: &World) {
    for process in Process::all(world) {
        let order = &process.order;
        let wrong = |what: String| world.sim.violation("S9", format!("{order}: {what}"));
        let (mut steps, mut ends) = (BTreeSet::new(), BTreeSet::new());
        let mut cancellations = 0;
        let effects = world.events.events(&format!("{}#{order}", Order::TYPE));
        let effects: Vec<Envelope> = effects.into_iter().filter(is_by_policy).collect();
        for event in &process.events {
            match event {
                FulfilmentEvent::ConfirmationRequested(it) if !steps.insert(it.step) => {
                    wrong(format!("step {} is used twice", it.step));
                }
                FulfilmentEvent::CancellationRequested(it) => {
                    cancellations += 1;
                    if !steps.insert(it.step) {
                        wrong(format!("step {} is used twice", it.step));
                    }
                }
                FulfilmentEvent::RequestEnded(it) => {
                    if !ends.insert(it.step) {
                        wrong(format!("step {} ended twice", it.step));
                    }
                    ended(world, order, it, &effects);
                }
                FulfilmentEvent::ConfirmationRequested(_)
                | FulfilmentEvent::Started(_)
                | FulfilmentEvent::PaymentCounted(_)
                | FulfilmentEvent::RefundCounted(_)
                | FulfilmentEvent::OrderStatusNoted(_)
                | FulfilmentEvent::RefundRequested(_) => {}
            }
        }
        if cancellations > 1 {
            wrong(format!("its deadline passed {cancellations} times"));
        }
        let keys: BTreeSet<CommandKey> =
            steps.iter().map(|step| effect_key(order, *step)).collect();
        for effect in effects.iter().filter(|it| !keys.contains(&it.metadata.command_key)) {
            wrong(format!("{} has the key of no step of its process", effect.event_type));
        }
    }
}

/// The process was told of its effect what the order says.
fn ended(world: &World, order: &str, ended: &RequestEnded, effects: &[Envelope]) {
    let key = effect_key(order, ended.step);
    let took_place = effects.iter().any(|it| it.metadata.command_key == key);
    match ended.end {
        RequestEnd::Done => {}
        RequestEnd::Refused => world.sim.mark("an effect was refused"),
        RequestEnd::Moved => world.sim.mark("something else happened to the order of an effect"),
    }
    if took_place != (ended.end == RequestEnd::Done) {
        let what = format!("{order}: step {} ended as {:?}", ended.step, ended.end);
        world.sim.violation("S9", format!("{what}, it took place: {took_place}"));
    }
}
