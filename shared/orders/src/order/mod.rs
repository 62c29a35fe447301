//! An order: placed, confirmed, shipped, delivered; or cancelled before it is shipped.
//!
//! Each action has a file with its command, its rule, its event and the integration event that announces it. This file
//! names them all: a new action does not compile until it is named everywhere. The names and fields of events are the
//! storage format. Every event carries the keys that its consumers need, so that no projector reads another view.
//!
//! Integration events are a public contract, with a JSON Schema for each under `infra/schemas`, independent of stored
//! shapes. Within one schema version fields are only added; consumers ignore unknown fields.

mod action;
mod cancel;
mod confirm;
mod deliver;
mod funds;
mod item;
mod place;
mod refusal;
mod ship;
mod state;
mod status;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod specs;

use dekigoto::{Aggregate, Decider, Fingerprint, Timestamp, event_schema, relay::IntegrationEvent};
use serde::Serialize;

pub use action::Action;
pub use cancel::{CancelOrder, OrderCancelled, OrderCancelledIntegrationEvent};
pub use confirm::{ConfirmOrder, OrderConfirmed, OrderConfirmedIntegrationEvent};
pub use deliver::{OrderDelivered, OrderDeliveredIntegrationEvent};
pub use funds::Funds;
pub use item::{InvalidQuantity, Item, Quantity};
pub use place::{OrderCreatedIntegrationEvent, OrderLine, OrderPlaced, PlaceOrder};
pub use refusal::{InvalidOrder, OrderRefusal};
pub use ship::{OrderShipped, OrderShippedIntegrationEvent, ShipOrder};
pub use state::{OrderState, PlacedOrder};
pub use status::{Status, UnknownStatus};

use crate::{CustomerId, OrderId};

/// A command to an order. Its JSON is the body of its request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OrderCommand {
    PlaceOrder(PlaceOrder),
    ConfirmOrder(ConfirmOrder),
    ShipOrder(ShipOrder),
    DeliverOrder,
    CancelOrder(CancelOrder),
}

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    OrderPlaced(OrderPlaced),
    OrderConfirmed(OrderConfirmed),
    OrderShipped(OrderShipped),
    OrderDelivered(OrderDelivered),
    OrderCancelled(OrderCancelled),
}

/// The actions on an order that exists.
pub const ACTIONS: [Action; 4] = [confirm::CONFIRM, ship::SHIP, deliver::DELIVER, cancel::CANCEL];

/// The events that change what was sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sale<'a> {
    Placed(&'a OrderPlaced),
    Cancelled(&'a OrderCancelled),
}

impl OrderEvent {
    /// The order's customer. Every event names them, and they never change.
    #[must_use]
    pub fn customer_id(&self) -> &CustomerId {
        match self {
            Self::OrderPlaced(placed) => &placed.customer_id,
            Self::OrderConfirmed(confirmed) => &confirmed.customer_id,
            Self::OrderShipped(shipped) => &shipped.customer_id,
            Self::OrderDelivered(delivered) => &delivered.customer_id,
            Self::OrderCancelled(cancelled) => &cancelled.customer_id,
        }
    }

    /// The status after the event; `None` for an event that does not change it.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::OrderPlaced(_) => Some(Status::Pending),
            Self::OrderConfirmed(_) => Some(Status::Confirmed),
            Self::OrderShipped(_) => Some(Status::Shipped),
            Self::OrderDelivered(_) => Some(Status::Delivered),
            Self::OrderCancelled(_) => Some(Status::Cancelled),
        }
    }

    /// Whether staff accepted the order without payment.
    #[must_use]
    pub fn is_on_account(&self) -> bool {
        match self {
            Self::OrderConfirmed(confirmed) => confirmed.on_account,
            Self::OrderShipped(shipped) => shipped.on_account,
            Self::OrderPlaced(_) | Self::OrderDelivered(_) | Self::OrderCancelled(_) => false,
        }
    }

    /// The event as a change of what was sold; `None` when it changes nothing of that.
    #[must_use]
    pub fn sale(&self) -> Option<Sale<'_>> {
        match self {
            Self::OrderPlaced(placed) => Some(Sale::Placed(placed)),
            Self::OrderCancelled(cancelled) => Some(Sale::Cancelled(cancelled)),
            Self::OrderConfirmed(_) | Self::OrderShipped(_) | Self::OrderDelivered(_) => None,
        }
    }
}

event_schema! {
    OrderEvent {
        OrderPlaced as "OrderPlaced": 1,
        OrderConfirmed as "OrderConfirmed": 1,
        OrderShipped as "OrderShipped": 2 {
            1 => |old| vec![OrderEvent::OrderShipped(ship::v1_to_v2(old))],
        },
        OrderDelivered as "OrderDelivered": 1,
        OrderCancelled as "OrderCancelled": 1,
    }
}

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[cfg(feature = "schema")]
#[must_use]
pub fn event_types() -> Vec<dekigoto::contract::EventType> {
    use dekigoto::contract::EventType;

    vec![
        EventType::domain::<OrderPlaced>("OrderPlaced", 1),
        EventType::domain::<OrderConfirmed>("OrderConfirmed", 1),
        EventType::domain::<ship::OrderShippedV1>("OrderShipped", 1),
        EventType::domain::<OrderShipped>("OrderShipped", 2),
        EventType::domain::<OrderDelivered>("OrderDelivered", 1),
        EventType::domain::<OrderCancelled>("OrderCancelled", 1),
        EventType::integration::<OrderCreatedIntegrationEvent>(),
        EventType::integration::<OrderConfirmedIntegrationEvent>(),
        EventType::integration::<OrderShippedIntegrationEvent>(),
        EventType::integration::<OrderDeliveredIntegrationEvent>(),
        EventType::integration::<OrderCancelledIntegrationEvent>(),
    ]
}

/// The integration events that announce one order event.
///
/// # Errors
/// Never in practice: only maps with non-string keys have no JSON form.
pub fn announce(
    order: &OrderId,
    event: &OrderEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    let order = *order;
    let announced = match event {
        OrderEvent::OrderPlaced(event) => {
            IntegrationEvent::new(&OrderCreatedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderConfirmed(event) => {
            IntegrationEvent::new(&OrderConfirmedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderShipped(event) => {
            IntegrationEvent::new(&OrderShippedIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderDelivered(event) => {
            IntegrationEvent::new(&OrderDeliveredIntegrationEvent::new(order, event, at))
        }
        OrderEvent::OrderCancelled(event) => {
            IntegrationEvent::new(&OrderCancelledIntegrationEvent::new(order, event, at))
        }
    };
    Ok(vec![announced?])
}

/// The order aggregate. `state.rs` has its fold.
#[derive(Clone, Copy, Debug)]
pub struct Order;

impl Decider for Order {
    type Command = OrderCommand;
    type Event = OrderEvent;
    type State = OrderState;
    type Refusal = OrderRefusal;

    fn decide(state: &OrderState, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let event = match command {
            OrderCommand::PlaceOrder(command) => place::place(state, command),
            OrderCommand::ConfirmOrder(command) => confirm::confirm(state, &command),
            OrderCommand::ShipOrder(command) => ship::ship(state, command),
            OrderCommand::DeliverOrder => deliver::deliver(state),
            OrderCommand::CancelOrder(command) => cancel::cancel(state, command),
        };
        event.map(|event| vec![event])
    }

    fn evolve(state: OrderState, event: &OrderEvent) -> OrderState {
        state.after(event)
    }
}

impl Aggregate for Order {
    type Id = OrderId;

    const TYPE: &'static str = "Order";
    // 2: whether the order is on account.
    const SNAPSHOT_SCHEMA: u32 = 2;

    // Operation, order and request body. Fingerprints are stored: changing this breaks keys in use.
    fn fingerprint(id: &OrderId, command: &OrderCommand) -> Result<Fingerprint, serde_json::Error> {
        let (id, body) = (id.to_string(), serde_json::to_string(command)?);
        Ok(match command {
            // The order id derives from caller and key, so it is not part of the request.
            OrderCommand::PlaceOrder(_) => Fingerprint::of(&["place", &body]),
            OrderCommand::ConfirmOrder(_) => Fingerprint::of(&["confirm", &id, &body]),
            OrderCommand::ShipOrder(_) => Fingerprint::of(&["ship", &id, &body]),
            OrderCommand::DeliverOrder => Fingerprint::of(&["deliver", &id, "{}"]),
            OrderCommand::CancelOrder(_) => Fingerprint::of(&["cancel", &id, &body]),
        })
    }
}
