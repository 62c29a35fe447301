//! The fulfilment of an order: it confirms itself when it is paid, is cancelled when it is not paid in time, and asks for
//! a refund of what it does not need.
//!
//! It is a policy: each order has a process, which has the order's id. Events of the order and of its payments are its
//! inputs. They come in any order, also before the order's own first event, so the process keeps what it knows, and
//! derives from it what to do.
//!
//! ```text
//!                          paid in full                        done
//!  Unplaced ──► AwaitingPayment ─────► Confirming ────────────────────► Confirmed ──► Shipped
//!    placed      │        ▲                │ refused                      │  ▲
//!                │ due    │ paid           ▼                              │  │ confirmed by a person
//!                ▼        └──────────── Waiting ──────────────────────────┼──┘
//!            Cancelling ─────────────────► ▲                              │ cancelled
//!                │        refused, moved                                  ▼
//!                └──────────────────────────────────────────────────► Cancelled
//!                                     done
//! ```
//!
//! A person may confirm, ship or cancel at any time; the event of the order says so. `Shipped` and `Cancelled` are the
//! ends. An order that is not confirmed automatically stays in `AwaitingPayment` when it is paid, without a deadline.
//!
//! In every state, what was captured and is neither owed nor refunded nor asked back is asked back, payment by payment,
//! newest first: a surplus, a payment of a cancelled order, one that was captured after the cancellation, and one in
//! another currency than the order's, which pays nothing of it. So captured minus refunded is what is owed, once the provider has refunded what was asked for (S10). The provider's answer
//! is recorded with the payments. A refund that failed is not asked for again: the order stays unsettled, and a person
//! sees it.
//!
//! A declined payment changes nothing: the order waits for another, until its deadline.
#![doc = include_str!("table.md")]

mod command;
mod event;
mod refund;
mod settings;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod specs;
#[cfg(test)]
mod table;

use std::{convert::Infallible, time::Duration};

use dekigoto::{
    Aggregate, Decider, Envelope, Timestamp, Version, event_schema,
    policies::{Deadline, Effect, Ended, Policy, Reaction, same_id},
    relay::IntegrationEvent,
};

pub use command::{CountPayment, CountRefund, FulfilmentCommand, StartFulfilment};
pub use event::{
    CancellationRequested, ConfirmationRequested, FulfilmentEvent, FulfilmentStarted,
    OrderStatusNoted, PaymentCounted, RefundCounted, RequestEnd, RequestEnded,
};
pub use refund::{RefundReason, RefundRequested, RefundRequestedIntegrationEvent};
pub use settings::{InvalidSetting, PAYMENT_TIME, PAYMENT_TIME_MAX};
pub use state::{CountedPayment, FulfilmentState, Phase};

use crate::{
    OrderId, Status,
    order::{CancelOrder, ConfirmOrder, Funds, Order, OrderCommand, OrderEvent, OrderRefusal},
    payment::{Payment, PaymentEvent},
};

/// The reason of a cancellation after the deadline.
const NOT_PAID: &str = "not paid in time";

/// The policy, with its settings. A process keeps those with which it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fulfilment {
    /// The time to pay an order, from when it was placed.
    pub payment_time: Duration,
    /// Whether an order that is paid in full is confirmed without a person.
    pub confirms_itself: bool,
}

event_schema! {
    FulfilmentEvent {
        Started as "FulfilmentStarted": 1,
        PaymentCounted as "FulfilmentPaymentCounted": 1,
        RefundCounted as "FulfilmentRefundCounted": 1,
        OrderStatusNoted as "FulfilmentOrderStatusNoted": 1,
        ConfirmationRequested as "ConfirmationRequested": 1,
        CancellationRequested as "CancellationRequested": 1,
        RequestEnded as "FulfilmentRequestEnded": 1,
        RefundRequested as "RefundRequested": 1,
    }
}

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[cfg(feature = "schema")]
#[must_use]
pub fn event_types() -> Vec<dekigoto::contract::EventType> {
    use dekigoto::contract::EventType;

    vec![
        EventType::domain::<FulfilmentStarted>("FulfilmentStarted", 1),
        EventType::domain::<PaymentCounted>("FulfilmentPaymentCounted", 1),
        EventType::domain::<RefundCounted>("FulfilmentRefundCounted", 1),
        EventType::domain::<OrderStatusNoted>("FulfilmentOrderStatusNoted", 1),
        EventType::domain::<ConfirmationRequested>("ConfirmationRequested", 1),
        EventType::domain::<CancellationRequested>("CancellationRequested", 1),
        EventType::domain::<RequestEnded>("FulfilmentRequestEnded", 1),
        EventType::domain::<RefundRequested>("RefundRequested", 1),
        EventType::integration::<RefundRequestedIntegrationEvent>(),
    ]
}

/// The integration events that announce one event of a fulfilment: requests for refunds.
///
/// # Errors
/// Never in practice: only maps with non-string keys have no JSON form.
pub fn announce(
    order: &OrderId,
    event: &FulfilmentEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    match event {
        FulfilmentEvent::RefundRequested(event) => {
            let announced = RefundRequestedIntegrationEvent::new(*order, event, at);
            Ok(vec![IntegrationEvent::new(&announced)?])
        }
        FulfilmentEvent::Started(_)
        | FulfilmentEvent::PaymentCounted(_)
        | FulfilmentEvent::RefundCounted(_)
        | FulfilmentEvent::OrderStatusNoted(_)
        | FulfilmentEvent::ConfirmationRequested(_)
        | FulfilmentEvent::CancellationRequested(_)
        | FulfilmentEvent::RequestEnded(_) => Ok(vec![]),
    }
}

impl Decider for Fulfilment {
    type Command = FulfilmentCommand;
    type Event = FulfilmentEvent;
    type State = FulfilmentState;
    type Refusal = Infallible;

    fn decide(
        state: &FulfilmentState,
        command: FulfilmentCommand,
    ) -> Result<Vec<FulfilmentEvent>, Infallible> {
        let Some(fact) = command::fact(state, command) else {
            return Ok(vec![]);
        };
        let mut after = state.clone().after(&fact);
        let mut events = vec![fact];
        if let Some(request) =
            events.first().and_then(|fact| after.next_request(fact, state.phase()))
        {
            after = after.after(&request);
            events.push(request);
        }
        events.extend(after.refunds_due().map(FulfilmentEvent::RefundRequested));
        Ok(events)
    }

    fn evolve(state: FulfilmentState, event: &FulfilmentEvent) -> FulfilmentState {
        state.after(event)
    }
}

impl Aggregate for Fulfilment {
    type Id = OrderId;

    const TYPE: &'static str = "Fulfilment";
    // 2: a payment holds its currency.
    const SNAPSHOT_SCHEMA: u32 = 2;
}

impl Policy for Fulfilment {
    const NAME: &'static str = "fulfilment";
    const EVENTS: &'static [&'static str] = &[
        "OrderPlaced",
        "OrderConfirmed",
        "OrderShipped",
        "OrderCancelled",
        "PaymentReceived",
        "PaymentRefunded",
    ];

    fn react(&self, event: &Envelope) -> Reaction<Self> {
        let order = same_id::<Self>(event)?;
        let mut commands = match event.aggregate_type.as_str() {
            Order::TYPE => {
                let events = event.decode::<OrderEvent>()?;
                events.iter().filter_map(|it| self.of_order(it, event.occurred_at)).collect()
            }
            Payment::TYPE => {
                let events = event.decode::<PaymentEvent>()?;
                events.into_iter().filter_map(|it| of_payment(it, event.version)).collect()
            }
            _ => Vec::new(),
        };
        Ok(commands.pop().map(|command| (order, command)))
    }

    fn effect(order: &OrderId, state: &FulfilmentState) -> Option<Effect<Self>> {
        match state.phase() {
            Phase::Confirming => {
                let funds = Funds::Paid(state.all_paid()?);
                let confirm = OrderCommand::ConfirmOrder(ConfirmOrder { funds });
                Some(Effect::command::<Order>(state.step(), *order, confirm, |ended| {
                    FulfilmentCommand::EndConfirmation(end(&ended))
                }))
            }
            Phase::Cancelling => {
                // The text is well-formed; a test reads it.
                let reason = NOT_PAID.parse().ok()?;
                let cancel = OrderCommand::CancelOrder(CancelOrder { reason });
                let effect = Effect::command::<Order>(state.step(), *order, cancel, |ended| {
                    FulfilmentCommand::EndCancellation(end(&ended))
                });
                // Only an order to which nothing has happened since it was placed.
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

    fn deadline(state: &FulfilmentState) -> Option<Deadline<Self>> {
        let at = state.pay_until()?;
        Some(Deadline { at, input: FulfilmentCommand::PassDeadline })
    }
}

impl Fulfilment {
    fn of_order(&self, event: &OrderEvent, at: Timestamp) -> Option<FulfilmentCommand> {
        // Of all other events, a fulfilment needs only the status, which `status()` decides for each event.
        let OrderEvent::OrderPlaced(placed) = event else {
            return event.status().map(FulfilmentCommand::NoteStatus);
        };
        Some(FulfilmentCommand::StartFulfilment(StartFulfilment {
            customer_id: placed.customer_id.clone(),
            currency: placed.currency,
            total_amount: placed.total_amount,
            pay_until: later(at, self.payment_time),
            confirms_itself: self.confirms_itself,
        }))
    }
}

fn of_payment(event: PaymentEvent, version: Version) -> Option<FulfilmentCommand> {
    match event {
        PaymentEvent::PaymentReceived(it) => Some(FulfilmentCommand::CountPayment(CountPayment {
            payment_id: it.payment_id,
            reference: it.reference,
            amount: it.amount,
            currency: it.currency,
        })),
        PaymentEvent::PaymentRefunded(it) => Some(FulfilmentCommand::CountRefund(CountRefund {
            payment_id: it.payment_id,
            reference: it.reference,
            amount: it.amount,
            currency: it.currency,
            version,
        })),
        PaymentEvent::PaymentFailed(_) | PaymentEvent::RefundFailed(_) => None,
    }
}

fn end(ended: &Ended<OrderRefusal>) -> RequestEnd {
    match ended {
        Ended::Done => RequestEnd::Done,
        Ended::Refused(_) => RequestEnd::Refused,
        Ended::Moved => RequestEnd::Moved,
    }
}

/// The moment this much later. Far beyond all calendars, the moment itself.
fn later(at: Timestamp, time: Duration) -> Timestamp {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_add(millis)).unwrap_or(at)
}

/// The phase that an order's status means for its fulfilment; `None` for a new order.
fn phase_of(status: Status) -> Option<Phase> {
    match status {
        Status::Pending => None,
        Status::Confirmed => Some(Phase::Confirmed),
        Status::Shipped | Status::Delivered => Some(Phase::Shipped),
        Status::Cancelled => Some(Phase::Cancelled),
    }
}
