//! The payments of one order: all its payments and refunds in one stream, which has the order's id.
//!
//! One stream makes "never refund more than was captured" a rule of one aggregate. What the provider did is a fact: it is
//! recorded, wanted or not. What the order does not need is its surplus; fulfilment asks for a refund of it.
//!
//! Each action has a file with its command, its rule, its events and the integration events that announce them. This file
//! names them all. Integration events are a public contract: see the orders.

mod paid_order;
mod process;
mod refund;
mod refusal;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod refund_specs;
#[cfg(test)]
mod specs;

use dekigoto::{Aggregate, Decider, Fingerprint, Timestamp, event_schema, relay::IntegrationEvent};
use serde::Serialize;

pub use paid_order::PaidOrder;
pub use process::{
    Outcome, PaymentFailed, PaymentFailedIntegrationEvent, PaymentReceived,
    PaymentReceivedIntegrationEvent, ProcessPayment,
};
pub use refund::{
    PaymentRefunded, PaymentRefundedIntegrationEvent, RefundFailed, RefundFailedIntegrationEvent,
    RefundOutcome, RefundPayment,
};
pub use refusal::{InvalidPayment, PaymentRefusal};
pub use state::{Fact, PaymentState, RecordedPayment, Refund};

use crate::{CustomerId, OrderId, PaymentId, PaymentReference};

/// A command to an order's payments. Its JSON is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PaymentCommand {
    ProcessPayment(ProcessPayment),
    RefundPayment(RefundPayment),
}

/// An event of an order's payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    PaymentReceived(PaymentReceived),
    PaymentFailed(PaymentFailed),
    PaymentRefunded(PaymentRefunded),
    RefundFailed(RefundFailed),
}

impl PaymentEvent {
    /// The order's customer.
    #[must_use]
    pub fn customer_id(&self) -> &CustomerId {
        match self {
            Self::PaymentReceived(received) => &received.customer_id,
            Self::PaymentFailed(failed) => &failed.customer_id,
            Self::PaymentRefunded(refunded) => &refunded.customer_id,
            Self::RefundFailed(failed) => &failed.customer_id,
        }
    }

    /// The payment that the event belongs to.
    #[must_use]
    pub fn payment_id(&self) -> PaymentId {
        match self {
            Self::PaymentReceived(received) => received.payment_id,
            Self::PaymentFailed(failed) => failed.payment_id,
            Self::PaymentRefunded(refunded) => refunded.payment_id,
            Self::RefundFailed(failed) => failed.payment_id,
        }
    }

    /// The provider's id of the payment that the event belongs to.
    #[must_use]
    pub fn reference(&self) -> &PaymentReference {
        match self {
            Self::PaymentReceived(received) => &received.reference,
            Self::PaymentFailed(failed) => &failed.reference,
            Self::PaymentRefunded(refunded) => &refunded.reference,
            Self::RefundFailed(failed) => &failed.reference,
        }
    }
}

event_schema! {
    PaymentEvent {
        PaymentReceived as "PaymentReceived": 1,
        PaymentFailed as "PaymentFailed": 1,
        PaymentRefunded as "PaymentRefunded": 2 {
            1 => |old| vec![PaymentEvent::PaymentRefunded(refund::v1_to_v2(old))],
        },
        RefundFailed as "RefundFailed": 1,
    }
}

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[cfg(feature = "schema")]
#[must_use]
pub fn event_types() -> Vec<dekigoto::contract::EventType> {
    use dekigoto::contract::EventType;

    vec![
        EventType::domain::<PaymentReceived>("PaymentReceived", 1),
        EventType::domain::<PaymentFailed>("PaymentFailed", 1),
        EventType::domain::<refund::PaymentRefundedV1>("PaymentRefunded", 1),
        EventType::domain::<PaymentRefunded>("PaymentRefunded", 2),
        EventType::domain::<RefundFailed>("RefundFailed", 1),
        EventType::integration::<PaymentReceivedIntegrationEvent>(),
        EventType::integration::<PaymentFailedIntegrationEvent>(),
        EventType::integration::<PaymentRefundedIntegrationEvent>(),
        EventType::integration::<RefundFailedIntegrationEvent>(),
    ]
}

/// The integration events that announce one payment event.
///
/// # Errors
/// Never in practice: only maps with non-string keys have no JSON form.
pub fn announce(
    order: &OrderId,
    event: &PaymentEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let order = *order;
    let announced = match event {
        PaymentEvent::PaymentReceived(event) => {
            IntegrationEvent::new(&PaymentReceivedIntegrationEvent::new(order, event, at))
        }
        PaymentEvent::PaymentFailed(event) => {
            IntegrationEvent::new(&PaymentFailedIntegrationEvent::new(order, event, at))
        }
        PaymentEvent::PaymentRefunded(event) => {
            IntegrationEvent::new(&PaymentRefundedIntegrationEvent::new(order, event, at))
        }
        PaymentEvent::RefundFailed(event) => {
            IntegrationEvent::new(&RefundFailedIntegrationEvent::new(order, event, at))
        }
    };
    Ok(vec![announced?])
}

/// The payment aggregate. `state.rs` has its fold.
#[derive(Clone, Copy, Debug)]
pub struct Payment;

impl Decider for Payment {
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type State = PaymentState;
    type Refusal = PaymentRefusal;

    fn decide(
        state: &PaymentState,
        command: PaymentCommand,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        match command {
            PaymentCommand::ProcessPayment(command) => process::process(state, command),
            PaymentCommand::RefundPayment(command) => refund::refund(state, command),
        }
    }

    fn evolve(state: PaymentState, event: &PaymentEvent) -> PaymentState {
        state.after(event)
    }
}

impl Aggregate for Payment {
    type Id = OrderId;

    const TYPE: &'static str = "Payment";
    // 3: a payment holds each outcome and each refund.
    const SNAPSHOT_SCHEMA: u32 = 3;

    // Operation, order and request body. Fingerprints are stored: changing this breaks keys in use.
    fn fingerprint(
        id: &OrderId,
        command: &PaymentCommand,
    ) -> Result<Fingerprint, serde_json::Error> {
        let operation = match command {
            PaymentCommand::ProcessPayment(_) => "pay",
            PaymentCommand::RefundPayment(_) => "refund",
        };
        Ok(Fingerprint::of(&[operation, &id.to_string(), &serde_json::to_string(command)?]))
    }
}
