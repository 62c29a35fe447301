//! The payments of one order: all its payments and refunds in one stream, which has the order's id.
//!
//! One stream makes "never refund more than was captured" a rule of one aggregate.

mod announce;
mod command;
mod decide;
mod event;
mod refund;
mod refusal;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod refund_specs;
#[cfg(test)]
mod specs;

use dekigoto::{Aggregate, Decider, Fingerprint};

pub use announce::{
    PaymentFailedIntegrationEvent, PaymentReceivedIntegrationEvent,
    PaymentRefundedIntegrationEvent, announce,
};
pub use command::{
    Outcome, PaidOrder, PaymentCommand, ProcessPayment, RefundPayment, RefundTarget,
};
pub use event::{PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded};
pub use refusal::{InvalidPayment, PaymentRefusal};
pub use state::{Attempt, AttemptResult, PaymentState};

use crate::OrderId;

/// The payment aggregate. `decide.rs` and `refund.rs` have its rules, `state.rs` its fold.
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
            PaymentCommand::ProcessPayment(command) => decide::process(state, command),
            PaymentCommand::RefundPayment(command) => refund::refund(state, &command),
        }
    }

    fn evolve(state: PaymentState, event: &PaymentEvent) -> PaymentState {
        state.after(event)
    }
}

impl Aggregate for Payment {
    type Id = OrderId;

    const TYPE: &'static str = "Payment";
    // 2: each payment holds the version at which it was recorded.
    const SNAPSHOT_SCHEMA: u32 = 2;

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
