//! Every rule of an order, as a sentence.

use dekigoto::spec::given;

use super::{
    Action, InvalidOrder, Order, OrderCommand, OrderEvent, OrderPlaced, OrderRefusal, OrderShipped,
    PlaceOrder, Status,
};
use crate::samples::{
    amount, cancel, cancelled, confirmed, delivered, item, place, placed, ship, shipped,
};

const CONFIRM: OrderCommand = OrderCommand::ConfirmOrder;
const DELIVER: OrderCommand = OrderCommand::DeliverOrder;

fn ship_it() -> OrderCommand {
    OrderCommand::ShipOrder(ship())
}

fn cancel_it() -> OrderCommand {
    OrderCommand::CancelOrder(cancel())
}

fn place_it() -> OrderCommand {
    OrderCommand::PlaceOrder(place())
}

fn illegal(command: Action, status: Status) -> OrderRefusal {
    OrderRefusal::IllegalTransition { command, status }
}

/// The events that lead to each status, by the shortest way.
fn history(status: Status) -> Vec<OrderEvent> {
    match status {
        Status::Pending => vec![placed()],
        Status::Confirmed => vec![placed(), confirmed()],
        Status::Shipped => vec![placed(), confirmed(), shipped()],
        Status::Delivered => vec![placed(), confirmed(), shipped(), delivered()],
        Status::Cancelled => vec![placed(), cancelled()],
    }
}

#[test]
fn placing_makes_a_pending_order_with_its_total_and_day() {
    given::<Order>([]).when(place_it()).then([placed()]);
}

#[test]
fn placing_twice_is_refused_wherever_the_order_stands() {
    for status in Status::ALL {
        given::<Order>(history(status)).when(place_it()).then_refused(OrderRefusal::AlreadyPlaced);
    }
}

#[test]
fn a_pending_order_can_be_confirmed() {
    given::<Order>([placed()]).when(CONFIRM).then([confirmed()]);
}

#[test]
fn a_confirmed_order_can_be_shipped() {
    given::<Order>([placed(), confirmed()]).when(ship_it()).then([shipped()]);
}

#[test]
fn a_shipped_order_can_be_delivered() {
    given::<Order>([placed(), confirmed(), shipped()]).when(DELIVER).then([delivered()]);
}

#[test]
fn a_pending_order_can_be_cancelled() {
    given::<Order>([placed()]).when(cancel_it()).then([cancelled()]);
}

#[test]
fn a_confirmed_order_can_be_cancelled() {
    given::<Order>([placed(), confirmed()]).when(cancel_it()).then([cancelled()]);
}

#[test]
fn an_order_goes_from_placing_to_delivery() {
    given::<Order>([])
        .when(place_it())
        .then([placed()])
        .when(CONFIRM)
        .then([confirmed()])
        .when(ship_it())
        .then([shipped()])
        .when(DELIVER)
        .then([delivered()])
        .when(cancel_it())
        .then_refused(illegal(Action::Cancel, Status::Delivered));
}

#[test]
fn whatever_a_status_does_not_allow_is_refused_with_the_status() {
    let refused = [
        (Status::Pending, ship_it(), Action::Ship),
        (Status::Pending, DELIVER, Action::Deliver),
        (Status::Confirmed, CONFIRM, Action::Confirm),
        (Status::Confirmed, DELIVER, Action::Deliver),
        (Status::Shipped, CONFIRM, Action::Confirm),
        (Status::Shipped, ship_it(), Action::Ship),
        (Status::Shipped, cancel_it(), Action::Cancel),
        (Status::Delivered, CONFIRM, Action::Confirm),
        (Status::Delivered, ship_it(), Action::Ship),
        (Status::Delivered, DELIVER, Action::Deliver),
        (Status::Delivered, cancel_it(), Action::Cancel),
        (Status::Cancelled, CONFIRM, Action::Confirm),
        (Status::Cancelled, ship_it(), Action::Ship),
        (Status::Cancelled, DELIVER, Action::Deliver),
        (Status::Cancelled, cancel_it(), Action::Cancel),
    ];
    let allowed: usize = Status::ALL.iter().map(|status| status.allows().len()).sum();
    assert_eq!(refused.len() + allowed, Status::ALL.len() * 4, "every pair is specified");
    for (status, command, action) in refused {
        given::<Order>(history(status)).when(command).then_refused(illegal(action, status));
    }
}

#[test]
fn an_order_that_was_never_placed_is_not_found() {
    for command in [CONFIRM, ship_it(), DELIVER, cancel_it()] {
        given::<Order>([]).when(command).then_refused(OrderRefusal::NotFound);
    }
}

#[test]
fn an_order_has_at_least_one_item() {
    let command = OrderCommand::PlaceOrder(PlaceOrder { items: vec![], ..place() });
    given::<Order>([]).when(command).then_refused(InvalidOrder::NoItems.into());
}

#[test]
fn an_order_has_at_most_a_hundred_items() {
    let with = |count| PlaceOrder { items: vec![item(1, 1); count], ..place() };
    let PlaceOrder { customer_id, currency, items, placed_on } = with(100);
    let total_amount = amount(100);
    let largest = OrderPlaced { customer_id, currency, items, total_amount, placed_on };
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(with(100)))
        .then([OrderEvent::OrderPlaced(largest)]);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(with(101)))
        .then_refused(InvalidOrder::TooManyItems.into());
}

#[test]
fn a_total_ends_where_json_readers_stop_being_exact() {
    // 9,007 pieces of 10^12, then the rest up to 2^53 - 1; and one more.
    let items =
        |rest| vec![item(9_007, 1_000_000_000_000), item(1, 199_254_740_991), item(1, rest)];
    let PlaceOrder { customer_id, currency, placed_on, .. } = place();
    let largest = OrderPlaced {
        customer_id,
        currency,
        items: items(0),
        total_amount: amount(9_007_199_254_740_991),
        placed_on,
    };
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items: items(0), ..place() }))
        .then([OrderEvent::OrderPlaced(largest)]);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items: items(1), ..place() }))
        .then_refused(InvalidOrder::TotalTooLarge.into());
}

#[test]
fn the_largest_lines_together_are_refused_and_do_not_wrap() {
    let items = vec![item(10_000, 1_000_000_000_000); 100];
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items, ..place() }))
        .then_refused(InvalidOrder::TotalTooLarge.into());
}

#[test]
fn an_order_may_be_free() {
    let PlaceOrder { customer_id, currency, placed_on, .. } = place();
    let (items, total_amount) = (vec![item(1, 0)], amount(0));
    let command = PlaceOrder { items: items.clone(), ..place() };
    let free = OrderPlaced { customer_id, currency, items, total_amount, placed_on };
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(command))
        .then([OrderEvent::OrderPlaced(free)]);
}

#[test]
fn an_order_that_was_shipped_under_version_1_goes_on_like_any_other() {
    let OrderEvent::OrderShipped(shipped) = shipped() else { unreachable!() };
    let old = OrderEvent::OrderShipped(OrderShipped { carrier: None, ..shipped });
    given::<Order>([placed(), confirmed(), old]).when(DELIVER).then([delivered()]);
}

#[test]
fn the_names_of_reasons_never_change() {
    let names = [
        (OrderRefusal::NotFound, "order-not-found"),
        (OrderRefusal::AlreadyPlaced, "order-already-placed"),
        (illegal(Action::Ship, Status::Pending), "illegal-transition"),
        (InvalidOrder::NoItems.into(), "no-items"),
        (InvalidOrder::TooManyItems.into(), "too-many-items"),
        (InvalidOrder::TotalTooLarge.into(), "total-too-large"),
    ];
    for (refusal, name) in names {
        assert_eq!(refusal.reason(), name);
    }
}
