//! Specifications of the three views. Each runs the kit's own projection.

use dekigoto::{
    Aggregate as _, Envelope, EventSchema as _, NewEvent, Payload, RowKey, Timestamp, ZoneName,
    spec::{Happened, given_view, given_view_across, happened},
    views::{Folds as _, View},
};
use orders::{
    Amount, Currency, Paid, Status, UnitAmount,
    order::{Item, Order, OrderCancelled, OrderConfirmed, OrderEvent, OrderPlaced},
    payment::{Payment, PaymentEvent, PaymentReceived, PaymentRefunded},
};

use super::{
    customer_summary::{CustomerSummary, CustomerSummaryView, customer_key},
    daily_sales::{DailySales, DailySalesView},
    order_summary::{OrderSummary, OrderSummaryView, PlacedSummary},
};
use crate::order::ownership::order_key;

const ORDER: &str = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";
const OTHER_ORDER: &str = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b6";

/// This many minutes after 23:58 on 2026-11-23. The day ends in between.
fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-23T23:58:00.000Z".parse().unwrap();
    Timestamp::from_millis(start.as_millis() + minute * 60_000).unwrap()
}

fn amount(minor_units: u64) -> Amount {
    minor_units.try_into().unwrap()
}

fn yen(minor_units: u64) -> Paid {
    Paid::of("JPY".parse().unwrap(), amount(minor_units))
}

fn placed_by(order: &str, customer: &str, currency: &str, total: u64) -> Happened {
    let item = Item {
        product_id: "p-1".parse().unwrap(),
        quantity: 1.try_into().unwrap(),
        unit_amount: UnitAmount::try_from(total).unwrap(),
    };
    let placed = OrderPlaced {
        customer_id: customer.parse().unwrap(),
        currency: currency.parse().unwrap(),
        items: vec![item],
        total_amount: amount(total),
        placed_on: "2026-11-23".parse().unwrap(),
        time_zone: ZoneName::UTC,
    };
    happened::<Order>(order, OrderEvent::OrderPlaced(placed)).at(at(0))
}

fn placed(order: &str, total: u64) -> Happened {
    placed_by(order, "c-42", "JPY", total)
}

fn confirmed(order: &str) -> Happened {
    let confirmed = OrderConfirmed { customer_id: "c-42".parse().unwrap(), on_account: false };
    happened::<Order>(order, OrderEvent::OrderConfirmed(confirmed)).at(at(1))
}

fn cancelled(order: &str, total: u64) -> Happened {
    let cancelled = OrderCancelled {
        customer_id: "c-42".parse().unwrap(),
        currency: "JPY".parse().unwrap(),
        total_amount: amount(total),
        placed_on: "2026-11-23".parse().unwrap(),
        reason: "ordered twice".parse().unwrap(),
    };
    happened::<Order>(order, OrderEvent::OrderCancelled(cancelled)).at(at(3))
}

fn paid(minor_units: u64) -> Happened {
    let received = PaymentReceived {
        payment_id: payment_id(),
        reference: "ch_1".parse().unwrap(),
        customer_id: "c-42".parse().unwrap(),
        amount: amount(minor_units),
        currency: "JPY".parse().unwrap(),
    };
    happened::<Payment>(ORDER, PaymentEvent::PaymentReceived(received)).at(at(1))
}

fn refunded(minor_units: u64) -> Happened {
    let refunded = PaymentRefunded {
        payment_id: payment_id(),
        reference: "ch_1".parse().unwrap(),
        refund_reference: Some("re_1".parse().unwrap()),
        customer_id: "c-42".parse().unwrap(),
        amount: amount(minor_units),
        currency: "JPY".parse().unwrap(),
        reason: None,
    };
    happened::<Payment>(ORDER, PaymentEvent::PaymentRefunded(refunded)).at(at(4))
}

fn payment_id() -> orders::PaymentId {
    orders::PaymentId::derive(ORDER.parse().unwrap(), &"ch_1".parse().unwrap())
}

/// The row of an order of 3,000 JPY that has just been placed.
fn pending() -> PlacedSummary {
    PlacedSummary {
        customer_id: "c-42".parse().unwrap(),
        status: Status::Pending,
        currency: "JPY".parse().unwrap(),
        total_amount: amount(3000),
        item_count: 1,
        placed_at: at(0),
        placed_on: "2026-11-23".parse().unwrap(),
        confirmed_at: None,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
    }
}

fn customer(orders: u64, cancelled: u64, totals: &[(&str, i128)]) -> CustomerSummary {
    let totals = totals.iter().map(|(code, total)| (code.parse::<Currency>().unwrap(), *total));
    CustomerSummary {
        order_count: orders,
        cancelled_count: cancelled,
        totals: totals.collect(),
        last_order_at: Some(at(0)),
    }
}

fn sales(order_count: u64, cancelled_count: u64, total_amount: i128) -> DailySales {
    DailySales { order_count, cancelled_count, total_amount }
}

#[test]
fn an_order_summary_is_the_same_for_every_delivery() {
    let row = PlacedSummary {
        status: Status::Cancelled,
        confirmed_at: Some(at(1)),
        cancelled_at: Some(at(3)),
        ..pending()
    };
    given_view::<OrderSummaryView>([placed(ORDER, 3000), confirmed(ORDER)])
        .when(cancelled(ORDER, 3000))
        .delivered_twice()
        .shuffled()
        .then(OrderSummary { order: Some(row), paid: Paid::default() });
}

#[test]
fn a_payment_before_its_order_is_kept_until_the_order_is_placed() {
    given_view::<OrderSummaryView>([])
        .when(paid(3000))
        .then(OrderSummary { order: None, paid: yen(3000) })
        .when(placed(ORDER, 3000))
        .delivered_twice()
        .then(OrderSummary { order: Some(pending()), paid: yen(3000) });
}

#[test]
fn an_order_summary_accepts_every_mix_of_order_and_payment_events() {
    let row = PlacedSummary { status: Status::Confirmed, confirmed_at: Some(at(1)), ..pending() };
    given_view::<OrderSummaryView>([placed(ORDER, 3000), paid(3000), confirmed(ORDER)])
        .when(refunded(1200))
        .delivered_twice()
        .shuffled()
        .then(OrderSummary { order: Some(row), paid: yen(1800) });
}

#[test]
fn a_shipment_of_schema_version_1_is_shown_like_any_other() {
    let payload = r#"{"customerId":"c-42","trackingCode":"DHL 00340434"}"#;
    let payload = Payload::from_text(payload.to_owned()).unwrap();
    let event = NewEvent { event_type: "OrderShipped".to_owned(), schema_version: 1, payload };
    let shipped = Happened::stored(Order::TYPE, ORDER, event).at(at(2));
    let row = PlacedSummary {
        status: Status::Shipped,
        confirmed_at: Some(at(1)),
        shipped_at: Some(at(2)),
        ..pending()
    };
    given_view::<OrderSummaryView>([placed(ORDER, 3000), confirmed(ORDER)])
        .when(shipped)
        .shuffled()
        .then(OrderSummary { order: Some(row), paid: Paid::default() });
}

#[test]
fn each_order_has_its_own_row_under_its_customer() {
    let row = |customer: &str| {
        let order = PlacedSummary { customer_id: customer.parse().unwrap(), ..pending() };
        OrderSummary { order: Some(order), paid: Paid::default() }
    };
    let rows = [(ORDER, "c-42"), (OTHER_ORDER, "c-43")];
    let rows = rows.map(|(order, who)| (order_key(order, &who.parse().unwrap()), row(who)));
    given_view::<OrderSummaryView>([placed(ORDER, 3000)])
        .when(placed_by(OTHER_ORDER, "c-43", "JPY", 3000))
        .delivered_twice()
        .shuffled()
        .then_rows(rows);
}

#[test]
fn a_customer_summary_counts_every_order_once() {
    given_view_across::<CustomerSummaryView>([placed(ORDER, 3000), confirmed(ORDER)])
        .when(placed_by(OTHER_ORDER, "c-42", "EUR", 500))
        .delivered_twice()
        .shuffled()
        .then(customer(2, 0, &[("JPY", 3000), ("EUR", 500)]));
}

#[test]
fn a_customer_summary_is_correct_when_a_cancellation_comes_before_its_order() {
    given_view_across::<CustomerSummaryView>([placed(ORDER, 3000), placed(OTHER_ORDER, 700)])
        .when(cancelled(ORDER, 3000))
        .delivered_twice()
        .shuffled()
        .then(customer(2, 1, &[("JPY", 700)]));
}

#[test]
fn each_customer_has_its_own_row_and_payments_change_none() {
    let rows = [
        (customer_key(&"c-42".parse().unwrap()), customer(1, 0, &[("JPY", 3000)])),
        (customer_key(&"c-43".parse().unwrap()), customer(1, 0, &[("JPY", 500)])),
    ];
    given_view_across::<CustomerSummaryView>([placed(ORDER, 3000), paid(3000)])
        .when(placed_by(OTHER_ORDER, "c-43", "JPY", 500))
        .shuffled()
        .then_rows(rows);
    given_view_across::<CustomerSummaryView>([]).when(paid(3000)).then_nothing();
}

#[test]
fn daily_sales_subtract_a_cancellation_from_the_day_of_placing() {
    // The order is cancelled after midnight. The cancellation counts on the day before.
    given_view_across::<DailySalesView>([placed(ORDER, 3000), placed(OTHER_ORDER, 700)])
        .when(cancelled(ORDER, 3000))
        .delivered_twice()
        .shuffled()
        .then(sales(2, 1, 700));
}

#[test]
fn daily_sales_keep_currencies_apart() {
    let key = |currency| RowKey::new("daily-sales#2026-11", format!("2026-11-23#{currency}"));
    given_view_across::<DailySalesView>([placed(ORDER, 3000)])
        .when(placed_by(OTHER_ORDER, "c-43", "EUR", 500))
        .delivered_twice()
        .shuffled()
        .then_rows([(key("JPY"), sales(1, 0, 3000)), (key("EUR"), sales(1, 0, 500))]);
}

#[test]
fn daily_sales_do_not_change_when_an_order_is_confirmed() {
    given_view_across::<DailySalesView>([placed(ORDER, 3000)])
        .when(confirmed(ORDER))
        .delivered_twice()
        .shuffled()
        .then(sales(1, 0, 3000));
}

/// The order events that change a row of the view, according to its folds.
fn changing<V: View>() -> Vec<&'static str> {
    let samples = [
        orders::samples::placed(),
        orders::samples::confirmed(),
        orders::samples::shipped(),
        orders::samples::delivered(),
        orders::samples::cancelled(),
    ];
    assert_eq!(samples.len(), OrderEvent::NEWEST.len(), "a sample of each event");
    let envelope = |event: &OrderEvent| {
        let NewEvent { event_type, schema_version, payload } = event.encode().unwrap();
        Envelope { event_type, schema_version, payload, ..orders::samples::envelope() }
    };
    let envelopes: Vec<Envelope> = samples.iter().map(envelope).collect();
    let changes = |name: &&str| {
        let event = envelopes.iter().find(|event| event.event_type == **name).unwrap();
        V::Folds::row_key(event).unwrap().is_some()
    };
    OrderEvent::NEWEST.iter().map(|(name, _)| *name).filter(changes).collect()
}

#[test]
fn a_view_subscribes_only_to_the_events_that_change_its_rows() {
    let sorted = |events: Option<&[&'static str]>| {
        let mut events = events.unwrap_or_default().to_vec();
        events.sort_unstable();
        events
    };
    let of_folds = |events: Vec<&'static str>| sorted(Some(&events));
    assert_eq!(sorted(CustomerSummaryView::EVENTS), of_folds(changing::<CustomerSummaryView>()));
    assert_eq!(sorted(DailySalesView::EVENTS), of_folds(changing::<DailySalesView>()));
    // A view of one aggregate gets every version, so that it can detect gaps.
    assert_eq!(OrderSummaryView::EVENTS, None);
}
