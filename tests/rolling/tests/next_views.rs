//! The views of the next version: a new field in the row of an order, and a new count in those across orders.

use dekigoto::{
    Envelope, Index, RowKey,
    views::{AcrossView, Fold, SingleView, View},
};
use order_service::{CustomerSummaryView, DailySalesView, OrderSummaryView};
use orders::{
    order::Order,
    payment::{Payment, PaymentEvent},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::next::{APP, NextEvent, NextOrder};

/// The row of an order in the next version.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NextSummary {
    #[serde(flatten)]
    order: <OrderSummaryView as View>::Row,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    is_gift: bool,
}

/// The order's view. `SCHEMA` is a parameter, so that a fault can forget to raise it.
pub(crate) struct NextOrderSummary<const SCHEMA: u32>;

/// The schema that the next version raises to.
pub(crate) const RAISED: u32 = OrderSummaryView::SCHEMA + 1;

impl<const SCHEMA: u32> View for NextOrderSummary<SCHEMA> {
    type Row = NextSummary;
    type Folds = (NextOrder, Payment);

    const NAME: &'static str = OrderSummaryView::NAME;
    const SCHEMA: u32 = SCHEMA;
}

impl<const SCHEMA: u32> Fold<NextOrder> for NextOrderSummary<SCHEMA> {
    fn row_key(event: &NextEvent, envelope: &Envelope) -> Option<RowKey> {
        let customer = match event {
            NextEvent::GiftWrapped(wrapped) => wrapped.customer_id.clone(),
            known => known.known()?.customer_id().clone(),
        };
        // The key of the old version's rows.
        let order = &envelope.aggregate_id;
        Some(RowKey::new(format!("{}#{order}", Self::NAME), customer.as_str()))
    }

    fn fold(row: &mut NextSummary, event: &NextEvent, envelope: &Envelope) {
        match event {
            NextEvent::Placed(placed) => row.channel.clone_from(&placed.channel),
            NextEvent::GiftWrapped(_) => row.is_gift = true,
            NextEvent::Confirmed(_)
            | NextEvent::Shipped(_)
            | NextEvent::Delivered(_)
            | NextEvent::Cancelled(_) => {}
        }
        if let Some(event) = event.known() {
            <OrderSummaryView as Fold<Order>>::fold(&mut row.order, &event, envelope);
        }
    }
}

impl<const SCHEMA: u32> Fold<Payment> for NextOrderSummary<SCHEMA> {
    fn row_key(event: &PaymentEvent, envelope: &Envelope) -> Option<RowKey> {
        <OrderSummaryView as Fold<Payment>>::row_key(event, envelope)
    }

    fn fold(row: &mut NextSummary, event: &PaymentEvent, envelope: &Envelope) {
        <OrderSummaryView as Fold<Payment>>::fold(&mut row.order, event, envelope);
    }
}

impl<const SCHEMA: u32> SingleView for NextOrderSummary<SCHEMA> {
    fn indexes(key: &RowKey, row: &NextSummary) -> Vec<(Index, RowKey)> {
        OrderSummaryView::indexes(key, &row.order)
    }
}

/// A row across aggregates in the next version: the fields of the old one, and a new count. `serde(flatten)` cannot do
/// this, because the totals are 128-bit numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
#[serde(bound(serialize = "R: Clone + Serialize", deserialize = "R: DeserializeOwned"))]
pub(crate) struct Counting<R> {
    row: R,
    extra_count: u64,
}

impl<R: Serialize> From<Counting<R>> for Value {
    fn from(counting: Counting<R>) -> Self {
        let mut value = serde_json::to_value(counting.row).unwrap();
        value["extraCount"] = counting.extra_count.into();
        value
    }
}

impl<R: DeserializeOwned> TryFrom<Value> for Counting<R> {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let extra_count = value["extraCount"].as_u64().unwrap_or(0);
        Ok(Self { row: serde_json::from_value(value)?, extra_count })
    }
}

/// Counts gifts too.
pub(crate) struct NextCustomerSummary;

impl View for NextCustomerSummary {
    type Row = Counting<<CustomerSummaryView as View>::Row>;
    type Folds = (NextOrder,);

    const NAME: &'static str = CustomerSummaryView::NAME;
    const SCHEMA: u32 = CustomerSummaryView::SCHEMA + 1;
    const EVENTS: Option<&'static [&'static str]> =
        Some(&["OrderPlaced", "OrderCancelled", "OrderGiftWrapped"]);
}

impl Fold<NextOrder> for NextCustomerSummary {
    fn row_key(event: &NextEvent, envelope: &Envelope) -> Option<RowKey> {
        match event {
            NextEvent::GiftWrapped(wrapped) => {
                Some(RowKey::only(Self::NAME, wrapped.customer_id.as_str()))
            }
            known => <CustomerSummaryView as Fold<Order>>::row_key(&known.known()?, envelope),
        }
    }

    fn fold(row: &mut Self::Row, event: &NextEvent, envelope: &Envelope) {
        match event.known() {
            Some(event) => {
                <CustomerSummaryView as Fold<Order>>::fold(&mut row.row, &event, envelope);
            }
            None => row.extra_count += 1,
        }
    }
}

impl AcrossView for NextCustomerSummary {
    fn add(row: &mut Self::Row, part: Self::Row) {
        CustomerSummaryView::add(&mut row.row, part.row);
        row.extra_count += part.extra_count;
    }
}

/// Counts the orders of the channel [`APP`] too.
pub(crate) struct NextDailySales;

impl View for NextDailySales {
    type Row = Counting<<DailySalesView as View>::Row>;
    type Folds = (NextOrder,);

    const NAME: &'static str = DailySalesView::NAME;
    const SCHEMA: u32 = DailySalesView::SCHEMA + 1;
    const EVENTS: Option<&'static [&'static str]> = DailySalesView::EVENTS;
}

impl Fold<NextOrder> for NextDailySales {
    fn row_key(event: &NextEvent, envelope: &Envelope) -> Option<RowKey> {
        <DailySalesView as Fold<Order>>::row_key(&event.known()?, envelope)
    }

    fn fold(row: &mut Self::Row, event: &NextEvent, envelope: &Envelope) {
        let Some(known) = event.known() else { return };
        if matches!(event, NextEvent::Placed(placed) if placed.channel == APP) {
            row.extra_count += 1;
        }
        <DailySalesView as Fold<Order>>::fold(&mut row.row, &known, envelope);
    }
}

impl AcrossView for NextDailySales {
    fn add(row: &mut Self::Row, part: Self::Row) {
        DailySalesView::add(&mut row.row, part.row);
        row.extra_count += part.extra_count;
    }
}
