//! A second policy, which meets the fulfilment policy on one order: it cancels orders that it doubts as soon as they are
//! paid, which is when the fulfilment policy confirms them.

use std::convert::Infallible;

use dekigoto::{
    Aggregate, Decider, Envelope, event_schema,
    policies::{Effect, Ended, Policy, Reaction, same_id},
    relay,
};
use dekigoto_http::Service;
use dekigoto_testkit::sim::Dice;
use order_service::service;
use orders::{
    OrderId,
    order::{CancelOrder, Order, OrderCommand},
};
use serde::{Deserialize, Serialize};

/// The sequence of random numbers for the settings of a run.
const VETTING: u64 = 1 << 52;

/// Runs in a thousand that have this policy, of those that have the fulfilment policy.
const RUNS: u32 = 400;

/// The only step of its processes.
pub(crate) const STEP: u64 = 1;

/// The order service, and this policy.
pub(crate) fn registry() -> Service {
    service().policy(Vetting::default(), relay::nothing)
}

/// The policy. It doubts an order if the last digit of its id is below this number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vetting {
    pub(crate) doubts_below: u32,
}

impl Vetting {
    /// Doubts every order.
    pub(crate) const ALL: Self = Self { doubts_below: 16 };

    /// The settings in the run of this seed. `None` if it has no such policy.
    pub(crate) fn draw(seed: u64) -> Option<Self> {
        Dice::new(seed, VETTING).per_mille(RUNS).then_some(Self { doubts_below: 8 })
    }

    pub(crate) fn doubts(self, order: &str) -> bool {
        let digit = order.chars().last().and_then(|digit| digit.to_digit(16));
        digit.is_some_and(|digit| digit < self.doubts_below)
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) enum VettingInput {
    Paid,
    Ended(End),
}

/// How the cancellation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum End {
    Done,
    Refused,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum VettingEvent {
    Doubted(Doubted),
    Ended(DoubtEnded),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Doubted {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DoubtEnded {
    pub(crate) end: End,
}

event_schema! { VettingEvent { Doubted as "OrderDoubted": 1, Ended as "DoubtEnded": 1 } }

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum VettingState {
    #[default]
    Unpaid,
    Doubted,
    Ended(End),
}

impl Decider for Vetting {
    type Command = VettingInput;
    type Event = VettingEvent;
    type State = VettingState;
    type Refusal = Infallible;

    fn decide(state: &VettingState, input: VettingInput) -> Result<Vec<VettingEvent>, Infallible> {
        Ok(match (state, input) {
            (VettingState::Unpaid, VettingInput::Paid) => {
                vec![VettingEvent::Doubted(Doubted {})]
            }
            (VettingState::Doubted, VettingInput::Ended(end)) => {
                vec![VettingEvent::Ended(DoubtEnded { end })]
            }
            (_, VettingInput::Paid | VettingInput::Ended(_)) => vec![],
        })
    }

    fn evolve(_: VettingState, event: &VettingEvent) -> VettingState {
        match event {
            VettingEvent::Doubted(_) => VettingState::Doubted,
            VettingEvent::Ended(it) => VettingState::Ended(it.end),
        }
    }
}

impl Aggregate for Vetting {
    type Id = OrderId;

    const TYPE: &'static str = "Vetting";
    const SNAPSHOT_SCHEMA: u32 = 1;
}

impl Policy for Vetting {
    const NAME: &'static str = "vetting";
    const EVENTS: &'static [&'static str] = &["PaymentReceived"];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        let order = same_id::<Self>(event)?;
        Ok(self.doubts(&event.aggregate_id).then_some((order, VettingInput::Paid)))
    }

    fn effect(order: &OrderId, state: &VettingState) -> Option<Effect<Self>> {
        match state {
            VettingState::Doubted => {
                let reason = "in doubt".parse().ok()?;
                let cancel = OrderCommand::CancelOrder(CancelOrder { reason });
                Some(Effect::command::<Order>(STEP, *order, cancel, |ended| {
                    VettingInput::Ended(match ended {
                        Ended::Done => End::Done,
                        Ended::Refused(_) | Ended::Moved => End::Refused,
                    })
                }))
            }
            VettingState::Unpaid | VettingState::Ended(_) => None,
        }
    }
}
