//! The next version of the order: `OrderPlaced` has a new version with a new field, and `OrderGiftWrapped` is a new event.

use dekigoto::{Aggregate, Decider, Fingerprint, Timestamp, event_schema, relay::IntegrationEvent};
use orders::{
    CustomerId, OrderId,
    order::{
        Order, OrderCancelled, OrderCommand, OrderConfirmed, OrderDelivered, OrderEvent,
        OrderPlaced, OrderRefusal, OrderShipped, OrderState,
    },
};
use serde::{Deserialize, Serialize};

/// The channel of orders that the old version placed.
pub(crate) const UNKNOWN: &str = "unknown";
/// The channel of orders that the next version places.
pub(crate) const APP: &str = "app";

/// `OrderPlaced`, version 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PlacedInChannel {
    #[serde(flatten)]
    pub(crate) order: OrderPlaced,
    pub(crate) channel: String,
}

/// A new event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderGiftWrapped {
    pub(crate) customer_id: CustomerId,
}

#[derive(Clone, Debug)]
pub(crate) enum NextEvent {
    Placed(PlacedInChannel),
    Confirmed(OrderConfirmed),
    Shipped(OrderShipped),
    Delivered(OrderDelivered),
    Cancelled(OrderCancelled),
    GiftWrapped(OrderGiftWrapped),
}

event_schema! {
    NextEvent {
        Placed as "OrderPlaced": 2 { 1 => |old| vec![NextEvent::of(OrderEvent::OrderPlaced(old))] },
        Confirmed as "OrderConfirmed": 1,
        // Without the upcast of version 1, which these tests do not store.
        Shipped as "OrderShipped": 2,
        Delivered as "OrderDelivered": 1,
        Cancelled as "OrderCancelled": 1,
        GiftWrapped as "OrderGiftWrapped": 1,
    }
}

impl NextEvent {
    fn of(event: OrderEvent) -> Self {
        match event {
            OrderEvent::OrderPlaced(order) => {
                Self::Placed(PlacedInChannel { order, channel: UNKNOWN.to_owned() })
            }
            OrderEvent::OrderConfirmed(event) => Self::Confirmed(event),
            OrderEvent::OrderShipped(event) => Self::Shipped(event),
            OrderEvent::OrderDelivered(event) => Self::Delivered(event),
            OrderEvent::OrderCancelled(event) => Self::Cancelled(event),
        }
    }

    /// The event as the old version knows it; `None` if it does not.
    pub(crate) fn known(&self) -> Option<OrderEvent> {
        Some(match self.clone() {
            Self::Placed(placed) => OrderEvent::OrderPlaced(placed.order),
            Self::Confirmed(event) => OrderEvent::OrderConfirmed(event),
            Self::Shipped(event) => OrderEvent::OrderShipped(event),
            Self::Delivered(event) => OrderEvent::OrderDelivered(event),
            Self::Cancelled(event) => OrderEvent::OrderCancelled(event),
            Self::GiftWrapped(_) => return None,
        })
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) enum NextCommand {
    Known(OrderCommand),
    GiftWrap,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct NextState {
    order: OrderState,
    is_gift: bool,
}

pub(crate) struct NextOrder;

impl Decider for NextOrder {
    type Command = NextCommand;
    type Event = NextEvent;
    type State = NextState;
    type Refusal = OrderRefusal;

    fn decide(state: &NextState, command: NextCommand) -> Result<Vec<NextEvent>, OrderRefusal> {
        match command {
            NextCommand::Known(command) => {
                let mut events = Vec::new();
                for event in Order::decide(&state.order, command)? {
                    events.push(match NextEvent::of(event) {
                        NextEvent::Placed(placed) => {
                            NextEvent::Placed(PlacedInChannel { channel: APP.to_owned(), ..placed })
                        }
                        other => other,
                    });
                }
                Ok(events)
            }
            NextCommand::GiftWrap => {
                let order = state.order.placed().filter(|_| !state.is_gift);
                let wrapped =
                    order.map(|order| OrderGiftWrapped { customer_id: order.customer_id.clone() });
                Ok(wrapped.map(NextEvent::GiftWrapped).into_iter().collect())
            }
        }
    }

    fn evolve(mut state: NextState, event: &NextEvent) -> NextState {
        match event.known() {
            Some(event) => state.order = Order::evolve(state.order, &event),
            None => state.is_gift = true,
        }
        state
    }
}

impl Aggregate for NextOrder {
    type Id = OrderId;

    const TYPE: &'static str = Order::TYPE;
    const SNAPSHOT_SCHEMA: u32 = Order::SNAPSHOT_SCHEMA + 1;
    // Every commit has one, so that each version meets the other's snapshots.
    const SNAPSHOT_EVERY: u32 = 1;

    fn fingerprint(id: &OrderId, command: &NextCommand) -> Result<Fingerprint, serde_json::Error> {
        match command {
            NextCommand::Known(command) => Order::fingerprint(id, command),
            NextCommand::GiftWrap => Ok(Fingerprint::of(&["gift-wrap", &id.to_string()])),
        }
    }
}

/// The next version announces what the old one does.
pub(crate) fn announce(
    order: &OrderId,
    event: &NextEvent,
    at: Timestamp,
) -> Result<Vec<IntegrationEvent>, serde_json::Error> {
    event.known().map_or_else(|| Ok(Vec::new()), |event| orders::order::announce(order, &event, at))
}
