//! `order-summary`: one row for each order, from the events of the order and its payments. `GET /v1/orders/{orderId}`
//! reads it.

use std::fmt::Display;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    Aggregate as _, Envelope, EventStore, Index, Row, RowKey, Text, Timestamp, Version,
    views::{Fold, Marked, Single, SingleView, View},
};
use dekigoto_http::{App, Params, Problem, etag, etag_of_two, malformed_request};
use orders::{
    Amount, Currency, CustomerId, Day, OrderId, Paid, Status,
    order::{Order, OrderEvent, OrderPlaced},
    payment::{Payment, PaymentEvent},
};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    order::{
        command::OrderPath,
        ownership::{self, ORDER_SUMMARY, order_key},
    },
};

/// The index that lists a customer's orders by time of placing.
pub(crate) const BY_CUSTOMER: Index = Index(1);

/// The index that lists the orders of one day.
pub(crate) const BY_DAY: Index = Index(2);

/// Partitions that hold the orders of one day. One alone could not take every write of the day.
const PARTS_OF_DAY: u32 = 8;

/// The header that says whether an order came from its view or from the store.
const SERVED_FROM: HeaderName = HeaderName::from_static("served-from");

/// The view: one row for each order, stored under its customer's id. A caller with another id finds nothing.
#[derive(Clone, Copy, Debug)]
pub struct OrderSummaryView;

impl View for OrderSummaryView {
    type Row = OrderSummary;
    type Folds = (Order, Payment);

    const NAME: &'static str = ORDER_SUMMARY;
    // 2: what was paid has a currency, and the order a day.
    const SCHEMA: u32 = 2;
}

impl Fold<Order> for OrderSummaryView {
    fn row_key(event: &OrderEvent, envelope: &Envelope) -> Option<RowKey> {
        Some(order_key(&envelope.aggregate_id, event.customer_id()))
    }

    fn fold(row: &mut OrderSummary, event: &OrderEvent, envelope: &Envelope) {
        row.apply_order(event, envelope.occurred_at);
    }
}

impl Fold<Payment> for OrderSummaryView {
    fn row_key(event: &PaymentEvent, envelope: &Envelope) -> Option<RowKey> {
        Some(order_key(&envelope.aggregate_id, event.customer_id()))
    }

    fn fold(row: &mut OrderSummary, event: &PaymentEvent, _: &Envelope) {
        row.apply_payment(event);
    }
}

impl SingleView for OrderSummaryView {
    /// Places that never change, so that an order is written to each index once.
    fn indexes(key: &RowKey, row: &OrderSummary) -> Vec<(Index, RowKey)> {
        let Some((order, id)) = row.order.as_ref().zip(order_of(key)) else {
            return Vec::new();
        };
        let sort = list_sort(order.placed_at, id);
        vec![
            (BY_CUSTOMER, RowKey::new(orders_of_customer(&order.customer_id), &*sort)),
            (BY_DAY, RowKey::new(part_of_day(order.placed_on, part_of(id)), sort)),
        ]
    }
}

/// The partition that lists a customer's orders.
pub(crate) fn orders_of_customer(customer: &CustomerId) -> String {
    format!("order-summary/customer#{customer}")
}

/// The partitions that list the orders of one day.
pub(crate) fn orders_of_day(placed_on: Day) -> Vec<String> {
    (0..PARTS_OF_DAY).map(|part| part_of_day(placed_on, part)).collect()
}

fn part_of_day(placed_on: Day, part: u32) -> String {
    format!("order-summary/day#{placed_on}#{part}")
}

/// The part of its day that an order is in. The last digit of an id is random.
fn part_of(order: OrderId) -> u32 {
    let digit = order.to_string().chars().next_back().and_then(|digit| digit.to_digit(16));
    digit.unwrap_or(0) % PARTS_OF_DAY
}

/// An order's place in a list: by time of placing, and the id makes it unique. Timestamps sort as text in order of time.
pub(crate) fn list_sort(placed_at: Timestamp, order: impl Display) -> String {
    format!("{placed_at}#{order}")
}

/// The row of an order. Each stream's events are applied in the order of their versions. The two streams may be
/// interleaved in any way, so a payment may be applied before its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// The part from the order's own events. `None` before OrderPlaced, when there is nothing to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<PlacedSummary>,
    /// What the customer has paid. The order's currency may be unknown yet.
    pub(crate) paid: Paid,
}

/// The part of the row that comes from the order's own events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedSummary {
    pub(crate) customer_id: CustomerId,
    /// The status.
    pub(crate) status: Status,
    /// The currency of every amount.
    pub(crate) currency: Currency,
    /// The total, in minor units.
    pub(crate) total_amount: Amount,
    /// The number of lines.
    pub(crate) item_count: usize,
    /// When it was placed.
    pub(crate) placed_at: Timestamp,
    /// The day on which it was placed, in the business time zone.
    pub(crate) placed_on: Day,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_at: Option<Timestamp>,
    /// When it was shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shipped_at: Option<Timestamp>,
    /// When it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancelled_at: Option<Timestamp>,
}

/// An order as clients read it: the answer of `GET /v1/orders/{orderId}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    /// The order's id.
    pub(crate) order_id: OrderId,
    /// The part from the order's own events.
    #[serde(flatten)]
    pub(crate) order: PlacedSummary,
    /// The paid amount in the order's currency, in minor units. Left out if only the order's own stream was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) paid_amount: Option<Amount>,
    /// The version of the order's own stream.
    pub(crate) version: u64,
    /// The version of its payments; 0 before the first. `None` if only the order's own stream was read.
    #[serde(skip)]
    pub(crate) payment_version: Option<u64>,
}

impl OrderSummary {
    /// Applies one event of the order.
    pub(super) fn apply_order(&mut self, event: &OrderEvent, at: Timestamp) {
        if let OrderEvent::OrderPlaced(placed) = event {
            self.order = Some(PlacedSummary::new(placed, at));
        }
        let (Some(order), Some(status)) = (&mut self.order, event.status()) else { return };
        order.status = status;
        match status {
            Status::Pending => {}
            Status::Confirmed => order.confirmed_at = Some(at),
            Status::Shipped => order.shipped_at = Some(at),
            Status::Delivered => order.delivered_at = Some(at),
            Status::Cancelled => order.cancelled_at = Some(at),
        }
    }

    /// Applies one event of the order's payments. Its time is not shown.
    pub(super) fn apply_payment(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentReceived(it) => self.paid.capture(it.currency, it.amount),
            PaymentEvent::PaymentFailed(_) | PaymentEvent::RefundFailed(_) => {}
            PaymentEvent::PaymentRefunded(it) => self.paid.refund(it.currency, it.amount),
        }
    }

    /// The order as clients read it, at these versions of its own stream and its payments. `None` before it is placed.
    fn view(&self, order_id: OrderId, version: u64, payment_version: u64) -> Option<OrderView> {
        let (order, payment_version) = (self.order.clone()?, Some(payment_version));
        let paid_amount = Some(self.paid.amount(order.currency));
        Some(OrderView { order_id, order, paid_amount, version, payment_version })
    }
}

impl PlacedSummary {
    fn new(placed: &OrderPlaced, at: Timestamp) -> Self {
        Self {
            customer_id: placed.customer_id.clone(),
            status: Status::Pending,
            currency: placed.currency,
            total_amount: placed.total_amount,
            item_count: placed.items.len(),
            placed_at: at,
            placed_on: placed.placed_on,
            confirmed_at: None,
            shipped_at: None,
            delivered_at: None,
            cancelled_at: None,
        }
    }
}

const BOTH_VERSIONS: Text = Text::new(
    "Ask for minimal versions or for atVersion, not for both.",
    "minVersion や minPaymentVersion は、atVersion と一緒には指定できません。",
);

pub(crate) async fn order(
    State(app): State<App>,
    caller: Caller,
    OrderPath(id): OrderPath,
    mut params: Params,
) -> Result<Response, Problem> {
    let (min, past) = (params.version("minVersion"), params.version("atVersion"));
    let min_payment = params.version("minPaymentVersion");
    params.finish()?;
    if past.is_some() && (min.is_some() || min_payment.is_some()) {
        return Err(malformed_request(BOTH_VERSIONS));
    }
    let is_new_enough = |row: &OrderView| {
        min.is_none_or(|min| row.version >= min.get())
            && min_payment.is_none_or(|min| row.payment_version >= Some(min.get()))
    };
    let seen = match past {
        Some(_) => {
            ownership::must_own(&app, &caller, id).await?;
            None
        }
        None => ownership::row_for(&app, &caller, id).await?,
    };
    let (row, served_from) = match seen.as_ref().and_then(of_row).filter(is_new_enough) {
        Some(row) => (row, "view"),
        None => {
            // The view may be behind, or hold a row that this code cannot show. The store has every order.
            let row = from_store(app.store(), id, past).await?.filter(is_new_enough);
            (row.ok_or_else(Problem::not_found)?, "store")
        }
    };
    // The tag names every stream that the body shows.
    let tag = match row.payment_version {
        Some(payments) => etag_of_two(row.version, payments),
        None => etag(row.version),
    };
    let mut response = Json(row).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    response.headers_mut().insert(SERVED_FROM, HeaderValue::from_static(served_from));
    Ok(response)
}

/// The order that a row shows. `None` before OrderPlaced is applied, or if this code cannot show the row.
fn of_row(row: &Row) -> Option<OrderView> {
    view(row, &Single::<OrderSummaryView>::shown(row)?)
}

fn order_of(key: &RowKey) -> Option<OrderId> {
    key.partition.split_once('#').and_then(|(_, id)| id.parse().ok())
}

/// The orders of listed rows, in the same order.
pub(crate) async fn listed(
    store: &dyn EventStore,
    rows: &[Row],
) -> Result<Vec<OrderView>, Problem> {
    let id_of = |row: &Row| order_of(&row.key).map(|order| order.to_string());
    let marked = Single::<OrderSummaryView>::listed(store, rows, id_of).await?;
    let view = |(row, marked): (&Row, Option<Marked<OrderSummary>>)| view(row, &marked?);
    Ok(rows.iter().zip(marked).filter_map(view).collect())
}

fn view(row: &Row, marked: &Marked<OrderSummary>) -> Option<OrderView> {
    of_marked(order_of(&row.key)?, marked)
}

fn of_marked(order: OrderId, marked: &Marked<OrderSummary>) -> Option<OrderView> {
    let watermark = |aggregate| marked.watermark(aggregate);
    marked.row.view(order, watermark(Order::TYPE), watermark(Payment::TYPE))
}

/// The order folded from the store: as it is now, or at version `at` without its payments. `None` when the stream is
/// shorter.
async fn from_store(
    store: &dyn EventStore,
    order: OrderId,
    at: Option<Version>,
) -> Result<Option<OrderView>, Problem> {
    let folded = match at {
        None => Single::<OrderSummaryView>::from_store(store, &order.to_string()).await?,
        Some(at) => {
            let stream = Order::stream(&order).map_err(|_| Problem::not_found())?;
            Single::<OrderSummaryView>::at_version(store, &stream, at).await?
        }
    };
    let view = folded.and_then(|marked| of_marked(order, &marked));
    Ok(match at {
        None => view,
        Some(_) => view.map(|view| OrderView { paid_amount: None, payment_version: None, ..view }),
    })
}

#[cfg(test)]
mod tests;
