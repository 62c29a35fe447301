//! The views of the next version: a new field in the row of an order, and in that of a customer.

use dekigoto::{
    Envelope, Index, RowKey,
    views::{AcrossView, Fold, SingleView, View},
};
use order_service::{CustomerSummaryView, OrderSummaryView};
use orders::{
    order::Order,
    payment::{Payment, PaymentEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::next::{NextEvent, NextOrder};

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

/// The row of a customer in the next version: the fields of the old one, and a new one. `serde(flatten)` cannot do this,
/// because the totals are 128-bit numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub(crate) struct NextCustomer {
    customer: <CustomerSummaryView as View>::Row,
    gift_count: u64,
}

impl From<NextCustomer> for Value {
    fn from(row: NextCustomer) -> Self {
        let mut value = serde_json::to_value(row.customer).unwrap();
        value["giftCount"] = row.gift_count.into();
        value
    }
}

impl TryFrom<Value> for NextCustomer {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let gift_count = value["giftCount"].as_u64().unwrap_or(0);
        Ok(Self { customer: serde_json::from_value(value)?, gift_count })
    }
}

pub(crate) struct NextCustomerSummary;

impl View for NextCustomerSummary {
    type Row = NextCustomer;
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

    fn fold(row: &mut NextCustomer, event: &NextEvent, envelope: &Envelope) {
        match event.known() {
            Some(event) => {
                <CustomerSummaryView as Fold<Order>>::fold(&mut row.customer, &event, envelope);
            }
            None => row.gift_count += 1,
        }
    }
}

impl AcrossView for NextCustomerSummary {
    fn add(row: &mut NextCustomer, part: NextCustomer) {
        CustomerSummaryView::add(&mut row.customer, part.customer);
        row.gift_count += part.gift_count;
    }
}
