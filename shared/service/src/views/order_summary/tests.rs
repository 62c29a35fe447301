//! The indexes and the rows of the order summary.

use super::*;
use orders::samples::{
    at, cancelled, confirmed, delivered, in_euros, order_id, place, placed, received, refunded,
    shipped,
};

fn summary(events: &[OrderEvent]) -> OrderSummary {
    let mut row = OrderSummary::default();
    for (minute, event) in (0..).zip(events) {
        row.apply_order(event, at(minute));
    }
    row
}

#[test]
fn a_delivered_order_shows_the_time_of_each_step() {
    let row = summary(&[placed(), confirmed(), shipped(), delivered()]);
    let shown = serde_json::to_value(row.view(order_id(), 4, 0)).unwrap();
    let expected = serde_json::json!({
        "orderId": order_id().to_string(),
        "customerId": "c-42",
        "status": "delivered",
        "currency": "JPY",
        "totalAmount": 3000,
        "itemCount": 1,
        "placedAt": "2026-11-23T09:00:00.000Z",
        "placedOn": "2026-11-23",
        "confirmedAt": "2026-11-23T09:01:00.000Z",
        "shippedAt": "2026-11-23T09:02:00.000Z",
        "deliveredAt": "2026-11-23T09:03:00.000Z",
        "paidAmount": 0,
        "version": 4,
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_cancelled_order_shows_its_time_of_cancellation() {
    let row = summary(&[placed(), cancelled()]);
    let order = row.order.unwrap();
    assert_eq!(order.status, Status::Cancelled);
    assert_eq!(order.cancelled_at, Some(at(1)));
}

#[test]
fn a_payment_before_its_order_is_kept_but_not_shown() {
    let mut row = OrderSummary::default();
    row.apply_payment(&received("ch_1", 3000));
    assert_eq!(row.view(order_id(), 1, 1), None);
    row.apply_order(&placed(), at(0));
    let shown = row.view(order_id(), 1, 1).unwrap();
    assert_eq!(shown.paid_amount.map(Amount::get), Some(3000));
}

#[test]
fn a_refund_lowers_the_paid_amount() {
    let mut row = summary(&[placed()]);
    row.apply_payment(&received("ch_1", 3000));
    row.apply_payment(&refunded("ch_1", "re_1", 1200));
    assert_eq!(row.paid.amount(place().currency).get(), 1800);
}

#[test]
fn a_payment_in_another_currency_is_not_shown_as_paid_s10() {
    let mut row = OrderSummary::default();
    row.apply_payment(&in_euros(received("ch_1", 3000)));
    row.apply_order(&placed(), at(0));
    row.apply_payment(&received("ch_2", 20));
    let shown = row.view(order_id(), 1, 2).unwrap();
    assert_eq!(shown.paid_amount.map(Amount::get), Some(20));
}

#[test]
fn a_stored_row_reads_back_unchanged() {
    let mut row = summary(&[placed(), confirmed()]);
    row.apply_payment(&received("ch_1", 3000));
    for row in [row, OrderSummary::default()] {
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<OrderSummary>(&text).unwrap(), row);
    }
}
