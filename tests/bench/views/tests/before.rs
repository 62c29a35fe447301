//! The indexes of the order's view as they were before the budget: whole rows in both, and one of them by status.

use dekigoto::{
    Envelope, Index, RowKey, Timestamp,
    views::{Fold, SingleView, View},
};
use order_service::OrderSummaryView;
use orders::{
    Day,
    order::{Order, OrderEvent},
    payment::{Payment, PaymentEvent},
};
use serde_json::{Value, json};

pub(crate) struct Before;

impl View for Before {
    type Row = <OrderSummaryView as View>::Row;
    type Folds = (Order, Payment);

    const NAME: &'static str = OrderSummaryView::NAME;
}

impl Fold<Order> for Before {
    fn row_key(event: &OrderEvent, envelope: &Envelope) -> Option<RowKey> {
        <OrderSummaryView as Fold<Order>>::row_key(event, envelope)
    }

    fn fold(row: &mut Self::Row, event: &OrderEvent, envelope: &Envelope) {
        <OrderSummaryView as Fold<Order>>::fold(row, event, envelope);
    }
}

impl Fold<Payment> for Before {
    fn row_key(event: &PaymentEvent, envelope: &Envelope) -> Option<RowKey> {
        <OrderSummaryView as Fold<Payment>>::row_key(event, envelope)
    }

    fn fold(row: &mut Self::Row, event: &PaymentEvent, envelope: &Envelope) {
        <OrderSummaryView as Fold<Payment>>::fold(row, event, envelope);
    }
}

impl SingleView for Before {
    fn indexes(_: &RowKey, row: &Self::Row) -> Vec<(Index, RowKey)> {
        let order = &json!(row)["order"];
        let text = |field: &str| order[field].as_str().map(str::to_owned);
        let Some((customer, status, placed_at)) =
            (|| Some((text("customerId")?, text("status")?, text("placedAt")?)))()
        else {
            assert_eq!(*order, Value::Null);
            return Vec::new();
        };
        let day = Day::of(placed_at.parse::<Timestamp>().unwrap());
        vec![
            (Index(1), RowKey::new(format!("order-summary/customer#{customer}"), &*placed_at)),
            (Index(2), RowKey::new(format!("order-summary/status#{status}#{day}"), placed_at)),
        ]
    }
}
