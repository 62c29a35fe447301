//! An order: placed, confirmed, shipped, delivered; or cancelled before it is shipped.

mod announce;
mod command;
mod decide;
mod event;
mod item;
mod refusal;
mod state;
mod status;
mod upcast;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod specs;

use dekigoto::{Aggregate, Decider, Fingerprint};

pub use announce::{
    OrderCancelledIntegrationEvent, OrderConfirmedIntegrationEvent, OrderCreatedIntegrationEvent,
    OrderDeliveredIntegrationEvent, OrderLine, OrderShippedIntegrationEvent, announce,
};
pub use command::{CancelOrder, OrderCommand, PlaceOrder, ShipOrder};
pub use event::{
    OrderCancelled, OrderConfirmed, OrderDelivered, OrderEvent, OrderPlaced, OrderShipped,
};
pub use item::{InvalidQuantity, Item, Quantity};
pub use refusal::{InvalidOrder, OrderRefusal};
pub use state::{OrderState, PlacedOrder};
pub use status::{Action, Status, UnknownStatus};

use crate::OrderId;

/// The order aggregate. `decide.rs` has its rules, `state.rs` its fold.
#[derive(Clone, Copy, Debug)]
pub struct Order;

impl Decider for Order {
    type Command = OrderCommand;
    type Event = OrderEvent;
    type State = OrderState;
    type Refusal = OrderRefusal;

    fn decide(state: &OrderState, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderRefusal> {
        decide::decide(state, command).map(|event| vec![event])
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        state.after(event)
    }
}

impl Aggregate for Order {
    type Id = OrderId;

    const TYPE: &'static str = "Order";
    const SNAPSHOT_SCHEMA: u32 = 1;

    // Operation, order and request body. Fingerprints are stored: changing this breaks keys in use.
    fn fingerprint(id: &OrderId, command: &OrderCommand) -> Result<Fingerprint, serde_json::Error> {
        let (id, body) = (id.to_string(), serde_json::to_string(command)?);
        Ok(match command {
            // The order id derives from caller and key, so it is not part of the request.
            OrderCommand::PlaceOrder(_) => Fingerprint::of(&["place", &body]),
            OrderCommand::ConfirmOrder => Fingerprint::of(&["confirm", &id, "{}"]),
            OrderCommand::ShipOrder(_) => Fingerprint::of(&["ship", &id, &body]),
            OrderCommand::DeliverOrder => Fingerprint::of(&["deliver", &id, "{}"]),
            OrderCommand::CancelOrder(_) => Fingerprint::of(&["cancel", &id, &body]),
        })
    }
}
