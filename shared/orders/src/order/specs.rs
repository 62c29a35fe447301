//! The rules of an order, one test each.

use dekigoto::{Aggregate as _, spec::given};

use super::{
    ACTIONS, Action, ConfirmOrder, Funds, InvalidOrder, Order, OrderCommand, OrderConfirmed,
    OrderEvent, OrderRefusal, OrderShipped, PlaceOrder, ShipOrder, Status, cancel::CANCEL,
    confirm::CONFIRM, deliver::DELIVER, ship::SHIP,
};
use crate::{
    Paid,
    samples::{
        amount, cancel, cancelled, confirm, confirmed, delivered, item, order_id, paid, place,
        placed, placed_with, ship, shipped,
    },
};

const DELIVER_IT: OrderCommand = OrderCommand::DeliverOrder;

fn confirm_it() -> OrderCommand {
    OrderCommand::ConfirmOrder(confirm())
}

fn confirm_with(funds: Funds) -> OrderCommand {
    OrderCommand::ConfirmOrder(ConfirmOrder { funds })
}

fn ship_with(funds: Funds) -> OrderCommand {
    OrderCommand::ShipOrder(ShipOrder { funds, ..ship() })
}

fn ship_it() -> OrderCommand {
    OrderCommand::ShipOrder(ship())
}

fn cancel_it() -> OrderCommand {
    OrderCommand::CancelOrder(cancel())
}

fn place_it() -> OrderCommand {
    OrderCommand::PlaceOrder(place())
}

fn illegal(action: Action, status: Status) -> OrderRefusal {
    OrderRefusal::IllegalTransition { action, status }
}

/// The shortest history that leads to a status.
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
fn placing_records_the_total_and_the_day() {
    given::<Order>([]).when(place_it()).then([placed()]);
}

#[test]
fn placing_twice_is_refused_in_every_status() {
    for status in Status::ALL {
        given::<Order>(history(status)).when(place_it()).then_refused(OrderRefusal::AlreadyPlaced);
    }
}

#[test]
fn a_pending_order_can_be_confirmed() {
    given::<Order>([placed()]).when(confirm_it()).then([confirmed()]);
}

#[test]
fn a_confirmed_order_can_be_shipped() {
    given::<Order>([placed(), confirmed()]).when(ship_it()).then([shipped()]);
}

#[test]
fn a_shipped_order_can_be_delivered() {
    given::<Order>([placed(), confirmed(), shipped()]).when(DELIVER_IT).then([delivered()]);
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
fn an_order_can_be_placed_confirmed_shipped_and_delivered() {
    given::<Order>([])
        .when(place_it())
        .then([placed()])
        .when(confirm_it())
        .then([confirmed()])
        .when(ship_it())
        .then([shipped()])
        .when(DELIVER_IT)
        .then([delivered()])
        .when(cancel_it())
        .then_refused(illegal(CANCEL, Status::Delivered));
}

#[test]
fn every_action_that_the_status_does_not_allow_is_refused() {
    let refused = [
        (Status::Pending, ship_it(), SHIP),
        (Status::Pending, DELIVER_IT, DELIVER),
        (Status::Confirmed, confirm_it(), CONFIRM),
        (Status::Confirmed, DELIVER_IT, DELIVER),
        (Status::Shipped, confirm_it(), CONFIRM),
        (Status::Shipped, ship_it(), SHIP),
        (Status::Shipped, cancel_it(), CANCEL),
        (Status::Delivered, confirm_it(), CONFIRM),
        (Status::Delivered, ship_it(), SHIP),
        (Status::Delivered, DELIVER_IT, DELIVER),
        (Status::Delivered, cancel_it(), CANCEL),
        (Status::Cancelled, confirm_it(), CONFIRM),
        (Status::Cancelled, ship_it(), SHIP),
        (Status::Cancelled, DELIVER_IT, DELIVER),
        (Status::Cancelled, cancel_it(), CANCEL),
    ];
    let allowed: usize = ACTIONS.iter().map(|action| action.allowed_in.len()).sum();
    let pairs = Status::ALL.len() * ACTIONS.len();
    assert_eq!(refused.len() + allowed, pairs, "every pair is specified");
    for (status, command, action) in refused {
        given::<Order>(history(status)).when(command).then_refused(illegal(action, status));
    }
}

#[test]
fn an_order_that_was_never_placed_is_not_found() {
    for command in [confirm_it(), ship_it(), DELIVER_IT, cancel_it()] {
        given::<Order>([]).when(command).then_refused(OrderRefusal::NotFound);
    }
}

#[test]
fn an_order_without_items_is_refused() {
    let command = OrderCommand::PlaceOrder(PlaceOrder { items: vec![], ..place() });
    given::<Order>([]).when(command).then_refused(InvalidOrder::NoItems.into());
}

#[test]
fn an_order_with_more_than_a_hundred_items_is_refused() {
    let with = |count| PlaceOrder { items: vec![item(1, 1); count], ..place() };
    let largest = placed_with(with(100).items, 100);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(with(100)))
        .then([OrderEvent::OrderPlaced(largest)]);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(with(101)))
        .then_refused(InvalidOrder::TooManyItems.into());
}

#[test]
fn a_total_above_the_largest_amount_is_refused() {
    // 9,007 pieces of 10^12, then the rest up to 2^53 - 1, then `rest` more.
    let items =
        |rest| vec![item(9_007, 1_000_000_000_000), item(1, 199_254_740_991), item(1, rest)];
    let largest = placed_with(items(0), 9_007_199_254_740_991);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items: items(0), ..place() }))
        .then([OrderEvent::OrderPlaced(largest)]);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items: items(1), ..place() }))
        .then_refused(InvalidOrder::TotalTooLarge.into());
}

#[test]
fn a_total_of_the_largest_lines_does_not_wrap() {
    let items = vec![item(10_000, 1_000_000_000_000); 100];
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(PlaceOrder { items, ..place() }))
        .then_refused(InvalidOrder::TotalTooLarge.into());
}

#[test]
fn an_order_may_be_free() {
    let items = vec![item(1, 0)];
    let command = PlaceOrder { items: items.clone(), ..place() };
    let free = placed_with(items, 0);
    given::<Order>([])
        .when(OrderCommand::PlaceOrder(command))
        .then([OrderEvent::OrderPlaced(free)]);
}

#[test]
fn an_order_is_confirmed_and_shipped_only_when_it_is_paid_in_full_s10() {
    for (paid, missing) in [(0, 3000), (2999, 1)] {
        let refusal = OrderRefusal::NotPaid { missing: amount(missing) };
        let funds = Funds::Paid(Paid::of(place().currency, amount(paid)));
        given::<Order>([placed()]).when(confirm_with(funds.clone())).then_refused(refusal.clone());
        given::<Order>([placed(), confirmed()]).when(ship_with(funds)).then_refused(refusal);
    }
    let more = Funds::Paid(Paid::of(place().currency, amount(9000)));
    given::<Order>([placed()]).when(confirm_with(more.clone())).then([confirmed()]);
    given::<Order>([placed(), confirmed()]).when(ship_with(more)).then([shipped()]);
}

#[test]
fn a_payment_in_another_currency_does_not_pay_the_order_s10() {
    let euros = Funds::Paid(Paid::of("EUR".parse().unwrap(), amount(3000)));
    given::<Order>([placed()])
        .when(confirm_with(euros))
        .then_refused(OrderRefusal::NotPaid { missing: amount(3000) });
}

#[test]
fn staff_can_confirm_an_unpaid_order_on_account_and_it_ships_without_payment() {
    let OrderEvent::OrderConfirmed(confirmed) = confirmed() else { unreachable!() };
    let on_account = OrderEvent::OrderConfirmed(OrderConfirmed { on_account: true, ..confirmed });
    given::<Order>([placed()])
        .when(confirm_with(Funds::OnAccount))
        .then([on_account])
        .when(ship_with(Funds::Paid(Paid::default())))
        .then([shipped()]);
}

#[test]
fn staff_can_ship_an_order_on_account_that_was_refunded_after_its_confirmation() {
    let OrderEvent::OrderShipped(shipped) = shipped() else { unreachable!() };
    let on_account = OrderEvent::OrderShipped(OrderShipped { on_account: true, ..shipped });
    given::<Order>([placed(), confirmed()]).when(ship_with(Funds::OnAccount)).then([on_account]);
}

#[test]
fn a_price_of_the_list_is_not_part_of_the_request_s5() {
    let of = |unit_amount, listed: &[usize]| {
        let listed = listed.iter().copied().collect();
        let command = PlaceOrder { items: vec![item(2, unit_amount)], listed, ..place() };
        Order::fingerprint(&order_id(), &OrderCommand::PlaceOrder(command)).unwrap()
    };
    assert_eq!(of(1500, &[0]), of(1600, &[0]), "the price changed between two tries");
    assert_ne!(of(1500, &[]), of(1600, &[]));
    assert_ne!(of(1500, &[]), of(1500, &[0]));
}

/// Keys of requests that were sent before orders needed a payment are still in use.
#[test]
fn what_was_paid_is_not_part_of_the_request_s5() {
    let of = |command| Order::fingerprint(&order_id(), &command).unwrap();
    let id = order_id().to_string();
    let before = dekigoto::Fingerprint::of(&["confirm", &id, "{}"]);
    assert_eq!(of(confirm_with(Funds::Paid(Paid::default()))), before);
    assert_eq!(of(confirm_with(paid())), before);
    assert_ne!(of(confirm_with(Funds::OnAccount)), before);
    let parcel = r#"{"carrier":"DHL","trackingNumber":"00340434"}"#;
    let before = dekigoto::Fingerprint::of(&["ship", &id, parcel]);
    assert_eq!(of(ship_with(Funds::Paid(Paid::default()))), before);
    assert_ne!(of(ship_with(Funds::OnAccount)), before);
}

#[test]
fn an_order_shipped_under_schema_version_1_can_be_delivered() {
    let OrderEvent::OrderShipped(shipped) = shipped() else { unreachable!() };
    let old = OrderEvent::OrderShipped(OrderShipped { carrier: None, ..shipped });
    given::<Order>([placed(), confirmed(), old]).when(DELIVER_IT).then([delivered()]);
}

#[test]
fn the_names_of_refusals_never_change() {
    let names = [
        (OrderRefusal::NotFound, "order-not-found"),
        (OrderRefusal::AlreadyPlaced, "order-already-placed"),
        (OrderRefusal::NotPaid { missing: amount(1) }, "not-paid"),
        (illegal(SHIP, Status::Pending), "not-confirmed"),
        (illegal(DELIVER, Status::Pending), "not-shipped"),
        (illegal(CONFIRM, Status::Confirmed), "already-confirmed"),
        (illegal(DELIVER, Status::Confirmed), "not-shipped"),
        (illegal(CONFIRM, Status::Shipped), "already-shipped"),
        (illegal(SHIP, Status::Shipped), "already-shipped"),
        (illegal(CANCEL, Status::Shipped), "already-shipped"),
        (illegal(CONFIRM, Status::Delivered), "already-delivered"),
        (illegal(DELIVER, Status::Delivered), "already-delivered"),
        (illegal(CANCEL, Status::Cancelled), "already-cancelled"),
        (illegal(SHIP, Status::Cancelled), "already-cancelled"),
        (InvalidOrder::NoItems.into(), "no-items"),
        (InvalidOrder::TooManyItems.into(), "too-many-items"),
        (InvalidOrder::TotalTooLarge.into(), "total-too-large"),
    ];
    for (refusal, name) in names {
        assert_eq!(refusal.reason(), name);
    }
}
