//! The rules of an order, one function each.

use super::{
    Action, CancelOrder, InvalidOrder, Item, OrderCancelled, OrderCommand, OrderConfirmed,
    OrderDelivered, OrderEvent, OrderPlaced, OrderRefusal, OrderShipped, OrderState, PlaceOrder,
    PlacedOrder, ShipOrder,
};
use crate::{Amount, limits::ITEMS_MAX};

/// Every accepted command gives one event.
pub(super) fn decide(
    state: &OrderState,
    command: OrderCommand,
) -> Result<OrderEvent, OrderRefusal> {
    match command {
        OrderCommand::PlaceOrder(command) => place(state, command),
        OrderCommand::ConfirmOrder => confirm(state),
        OrderCommand::ShipOrder(command) => ship(state, command),
        OrderCommand::DeliverOrder => deliver(state),
        OrderCommand::CancelOrder(command) => cancel(state, command),
    }
}

fn place(state: &OrderState, command: PlaceOrder) -> Result<OrderEvent, OrderRefusal> {
    if state.placed().is_some() {
        return Err(OrderRefusal::AlreadyPlaced);
    }
    let total_amount = total(&command.items)?;
    Ok(OrderEvent::OrderPlaced(OrderPlaced {
        customer_id: command.customer_id,
        currency: command.currency,
        items: command.items,
        total_amount,
        placed_on: command.placed_on,
    }))
}

fn confirm(state: &OrderState) -> Result<OrderEvent, OrderRefusal> {
    let order = ready(state, Action::Confirm)?;
    let customer_id = order.customer_id.clone();
    Ok(OrderEvent::OrderConfirmed(OrderConfirmed { customer_id }))
}

fn ship(state: &OrderState, command: ShipOrder) -> Result<OrderEvent, OrderRefusal> {
    let order = ready(state, Action::Ship)?;
    Ok(OrderEvent::OrderShipped(OrderShipped {
        customer_id: order.customer_id.clone(),
        carrier: Some(command.carrier),
        tracking_number: command.tracking_number,
    }))
}

fn deliver(state: &OrderState) -> Result<OrderEvent, OrderRefusal> {
    let order = ready(state, Action::Deliver)?;
    let customer_id = order.customer_id.clone();
    Ok(OrderEvent::OrderDelivered(OrderDelivered { customer_id }))
}

fn cancel(state: &OrderState, command: CancelOrder) -> Result<OrderEvent, OrderRefusal> {
    let order = ready(state, Action::Cancel)?;
    Ok(OrderEvent::OrderCancelled(OrderCancelled {
        customer_id: order.customer_id.clone(),
        currency: order.currency,
        total_amount: order.total_amount,
        placed_on: order.placed_on,
        reason: command.reason,
    }))
}

/// The order, if it exists and its status allows the action.
fn ready(state: &OrderState, command: Action) -> Result<&PlacedOrder, OrderRefusal> {
    let order = state.placed().ok_or(OrderRefusal::NotFound)?;
    if order.status.allows().contains(&command) {
        Ok(order)
    } else {
        Err(OrderRefusal::IllegalTransition { command, status: order.status })
    }
}

fn total(items: &[Item]) -> Result<Amount, InvalidOrder> {
    if items.is_empty() {
        return Err(InvalidOrder::NoItems);
    }
    if items.len() > ITEMS_MAX {
        return Err(InvalidOrder::TooManyItems);
    }
    items
        .iter()
        .try_fold(Amount::ZERO, |total, item| total.plus(item.amount()?))
        .ok_or(InvalidOrder::TotalTooLarge)
}
