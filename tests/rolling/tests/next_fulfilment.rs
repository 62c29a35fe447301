//! The policy of the next version: it notes that an order is a gift, as a new event of its process and a new field of the
//! row. Everything else it does as the old one does, with the same steps, so that a step is one command for both.

use std::convert::Infallible;

use dekigoto::{
    Aggregate, Decider, Envelope, EventSchema, NewEvent, Payload, SchemaError, Timestamp, Version,
    policies::{Deadline, Effect, Ended, Policy, Reaction, same_id},
    relay::IntegrationEvent,
};
use orders::{
    OrderId, Paid,
    fulfilment::{
        Fulfilment, FulfilmentCommand, FulfilmentEvent, FulfilmentState, Phase, RequestEnd,
    },
    order::{CancelOrder, ConfirmOrder, Funds, Order, OrderCommand, OrderRefusal},
    samples,
};
use serde::{Deserialize, Serialize};

use crate::next::{NextCommand, NextEvent, NextOrder};

const GIFT_NOTED: &str = "FulfilmentGiftNoted";

#[derive(Clone, Debug)]
pub(crate) enum NextFulfilmentEvent {
    Known(FulfilmentEvent),
    /// A new event.
    GiftNoted,
}

impl EventSchema for NextFulfilmentEvent {
    const NEWEST: &'static [(&'static str, u32)] = &[
        ("FulfilmentStarted", 1),
        ("FulfilmentPaymentCounted", 1),
        ("FulfilmentRefundCounted", 1),
        ("FulfilmentOrderStatusNoted", 1),
        ("ConfirmationRequested", 1),
        ("CancellationRequested", 1),
        ("FulfilmentRequestEnded", 1),
        ("RefundRequested", 1),
        (GIFT_NOTED, 1),
    ];

    fn encode(&self) -> Result<NewEvent, serde_json::Error> {
        match self {
            Self::Known(event) => event.encode(),
            Self::GiftNoted => Ok(NewEvent {
                event_type: GIFT_NOTED.to_owned(),
                schema_version: 1,
                payload: Payload::of(&serde_json::json!({}))?,
            }),
        }
    }

    fn decode(name: &str, version: u32, payload: &Payload) -> Result<Vec<Self>, SchemaError> {
        if (name, version) == (GIFT_NOTED, 1) {
            return Ok(vec![Self::GiftNoted]);
        }
        let known = FulfilmentEvent::decode(name, version, payload)?;
        Ok(known.into_iter().map(Self::Known).collect())
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) enum NextInput {
    Known(FulfilmentCommand),
    NoteGift,
}

/// A process, and its row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NextProcess {
    #[serde(flatten)]
    process: FulfilmentState,
    #[serde(default)]
    is_gift: bool,
}

#[derive(Default)]
pub(crate) struct NextFulfilment(Fulfilment);

impl Decider for NextFulfilment {
    type Command = NextInput;
    type Event = NextFulfilmentEvent;
    type State = NextProcess;
    type Refusal = Infallible;

    fn decide(
        state: &NextProcess,
        input: NextInput,
    ) -> Result<Vec<NextFulfilmentEvent>, Infallible> {
        let NextInput::Known(input) = input else {
            return Ok(if state.is_gift { vec![] } else { vec![NextFulfilmentEvent::GiftNoted] });
        };
        let events = Fulfilment::decide(&state.process, input)?;
        Ok(events.into_iter().map(NextFulfilmentEvent::Known).collect())
    }

    fn evolve(mut state: NextProcess, event: &NextFulfilmentEvent) -> NextProcess {
        match event {
            NextFulfilmentEvent::Known(event) => {
                state.process = Fulfilment::evolve(state.process, event);
            }
            NextFulfilmentEvent::GiftNoted => state.is_gift = true,
        }
        state
    }
}

impl Aggregate for NextFulfilment {
    type Id = OrderId;

    const TYPE: &'static str = Fulfilment::TYPE;
    const SNAPSHOT_SCHEMA: u32 = Fulfilment::SNAPSHOT_SCHEMA + 1;
    const SNAPSHOT_EVERY: u32 = 1;

    fn fingerprint(
        id: &OrderId,
        input: &NextInput,
    ) -> Result<dekigoto::Fingerprint, serde_json::Error> {
        match input {
            NextInput::Known(input) => Fulfilment::fingerprint(id, input),
            NextInput::NoteGift => Ok(dekigoto::Fingerprint::of(&["note-gift", &id.to_string()])),
        }
    }
}

impl Policy for NextFulfilment {
    const NAME: &'static str = Fulfilment::NAME;
    const EVENTS: &'static [&'static str] = &[
        "OrderPlaced",
        "OrderConfirmed",
        "OrderShipped",
        "OrderCancelled",
        "OrderGiftWrapped",
        "PaymentReceived",
        "PaymentRefunded",
    ];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        if event.aggregate_type != Order::TYPE {
            return known(self.0.react(event));
        }
        let Some(next) = event.decode::<NextEvent>()?.pop() else { return Ok(None) };
        let Some(old) = next.known() else {
            return Ok(Some((same_id::<Self>(event)?, NextInput::NoteGift)));
        };
        // The old policy reads the event as old code would have written it.
        let NewEvent { event_type, schema_version, payload } = old.encode().unwrap();
        known(self.0.react(&Envelope { event_type, schema_version, payload, ..event.clone() }))
    }

    fn effect(order: &OrderId, state: &NextProcess) -> Option<Effect<Self>> {
        let step = Fulfilment::effect(order, &state.process)?.step();
        match state.process.phase() {
            Phase::Confirming => {
                let paid = Paid::of(samples::place().currency, state.process.paid());
                let confirm = OrderCommand::ConfirmOrder(ConfirmOrder { funds: Funds::Paid(paid) });
                let command = NextCommand::Known(confirm);
                Some(Effect::command::<NextOrder>(step, *order, command, |ended| {
                    NextInput::Known(FulfilmentCommand::EndConfirmation(end(&ended)))
                }))
            }
            Phase::Cancelling => {
                let reason = "not paid in time".parse().unwrap();
                let command = NextCommand::Known(OrderCommand::CancelOrder(CancelOrder { reason }));
                let effect = Effect::command::<NextOrder>(step, *order, command, |ended| {
                    NextInput::Known(FulfilmentCommand::EndCancellation(end(&ended)))
                });
                Some(effect.at_version(Version::FIRST))
            }
            Phase::Unplaced
            | Phase::AwaitingPayment
            | Phase::Waiting
            | Phase::Confirmed
            | Phase::Shipped
            | Phase::Cancelled => None,
        }
    }

    fn deadline(state: &NextProcess) -> Option<Deadline<Self>> {
        let Deadline { at, input } = Fulfilment::deadline(&state.process)?;
        Some(Deadline { at, input: NextInput::Known(input) })
    }
}

fn known(reaction: Reaction<Fulfilment>) -> Reaction<NextFulfilment> {
    Ok(reaction?.map(|(order, input)| (order, NextInput::Known(input))))
}

fn end(ended: &Ended<OrderRefusal>) -> RequestEnd {
    match ended {
        Ended::Done => RequestEnd::Done,
        Ended::Refused(_) => RequestEnd::Refused,
        Ended::Moved => RequestEnd::Moved,
    }
}

/// The next version announces what the old one does.
pub(crate) fn announce(
    order: &OrderId,
    event: &NextFulfilmentEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    match event {
        NextFulfilmentEvent::Known(event) => orders::fulfilment::announce(order, event, at),
        NextFulfilmentEvent::GiftNoted => Ok(Vec::new()),
    }
}
