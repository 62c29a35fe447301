//! An order: placed, confirmed, shipped, delivered; or cancelled before it is shipped.

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

use dekigoto::{Aggregate, Decider};

pub use command::{CancelOrder, OrderCommand, PlaceOrder, ShipOrder};
pub use event::{
    OrderCancelled, OrderConfirmed, OrderDelivered, OrderEvent, OrderPlaced, OrderShipped,
};
pub use item::{InvalidQuantity, Item, Quantity};
pub use refusal::{InvalidOrder, OrderRefusal};
pub use state::{OrderState, PlacedOrder};
pub use status::{Action, Status, UnknownStatus};

/// The order aggregate: its rules are in `decide.rs`, its fold in `state.rs`.
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
    const TYPE: &'static str = "Order";
    const SNAPSHOT_SCHEMA: u32 = 1;
}
