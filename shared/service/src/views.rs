//! The order service's views: which rows the domain's folds live in.

use std::fmt::Display;

use dekigoto::{
    Aggregate as _, Envelope, INDEXES, RowKey, SchemaError, Timestamp,
    project::{CrossView, SingleView},
};
use orders::{
    CustomerId, Day, Status,
    order::{Order, OrderEvent},
    payment::{Payment, PaymentEvent},
    views::{CustomerSummary, DailySales, DailySalesKey, OrderSummary},
};

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// `order-summary`: one row for each order, under its customer's id. Whoever asks with another id finds nothing.
#[derive(Clone, Copy, Debug)]
pub struct OrderSummaryView;

/// `customer-summary`: one row for each customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerSummaryView;

/// `daily-sales`: one row for each UTC day of placing and currency.
#[derive(Clone, Copy, Debug)]
pub struct DailySalesView;

impl SingleView for OrderSummaryView {
    type Row = OrderSummary;

    const NAME: &'static str = "order-summary";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let id = &event.aggregate_id;
        Ok(match &*event.aggregate_type {
            Order::TYPE => {
                let events = event.decode::<OrderEvent>()?;
                events.first().map(|event| order_key(id, event.customer_id()))
            }
            Payment::TYPE => {
                let events = event.decode::<PaymentEvent>()?;
                events.first().map(|event| order_key(id, event.customer_id()))
            }
            _ => None,
        })
    }

    fn apply(row: &mut OrderSummary, event: &Envelope) -> Result<(), SchemaError> {
        if event.aggregate_type == Payment::TYPE {
            for event in event.decode::<PaymentEvent>()? {
                row.apply_payment(&event);
            }
            return Ok(());
        }
        for each in event.decode::<OrderEvent>()? {
            row.apply_order(&each, event.occurred_at);
        }
        Ok(())
    }

    fn indexes(row: &OrderSummary) -> [Option<RowKey>; INDEXES] {
        let Some(order) = &row.order else {
            return Default::default();
        };
        // The text of a timestamp sorts as the moments do.
        let placed_at = order.placed_at.to_string();
        let day = Day::of(order.placed_at);
        [
            Some(RowKey::new(orders_of_customer(&order.customer_id), placed_at.clone())),
            Some(RowKey::new(orders_of_status(order.status, day), placed_at)),
        ]
    }
}

/// The partition of an order's row.
pub(crate) fn order_partition(order: impl Display) -> String {
    format!("{}#{order}", OrderSummaryView::NAME)
}

/// The key of an order's row.
pub(crate) fn order_key(order: impl Display, customer: &CustomerId) -> RowKey {
    RowKey::new(order_partition(order), customer.as_str())
}

/// The partition of the first index that lists a customer's orders by the moment of placing.
pub(crate) fn orders_of_customer(customer: &CustomerId) -> String {
    format!("order-summary/customer#{customer}")
}

/// The partition of the second index that lists the orders of one day in one status. The day keeps partitions small.
pub(crate) fn orders_of_status(status: Status, placed_on: Day) -> String {
    format!("order-summary/status#{status}#{placed_on}")
}

impl CrossView for CustomerSummaryView {
    type Row = CustomerSummary;

    const NAME: &'static str = "customer-summary";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let events = order_events(event)?;
        Ok(events.iter().find_map(CustomerSummary::key).map(customer_key))
    }

    fn apply(row: &mut CustomerSummary, event: &Envelope) -> Result<(), SchemaError> {
        for each in order_events(event)? {
            row.apply(&each, event.occurred_at);
        }
        Ok(())
    }
}

/// The row of a customer.
pub(crate) fn customer_key(customer: &CustomerId) -> RowKey {
    RowKey::only(CustomerSummaryView::NAME, customer.as_str())
}

impl CrossView for DailySalesView {
    type Row = DailySales;

    const NAME: &'static str = "daily-sales";

    fn key(event: &Envelope) -> Result<Option<RowKey>, SchemaError> {
        let events = order_events(event)?;
        Ok(events.iter().find_map(DailySales::key).map(daily_key))
    }

    fn apply(row: &mut DailySales, event: &Envelope) -> Result<(), SchemaError> {
        for each in order_events(event)? {
            row.apply(&each);
        }
        Ok(())
    }
}

/// A day's row stands in the partition of its month, so that a report of 92 days reads at most four partitions.
fn daily_key(key: DailySalesKey) -> RowKey {
    let day = key.date.to_string();
    RowKey::new(month_partition(&day), format!("{day}#{}", key.currency))
}

fn month_partition(day: &str) -> String {
    let month = day.rsplit_once('-').map_or(day, |(month, _)| month);
    format!("{}#{month}", DailySalesView::NAME)
}

/// The partitions of a report, each with the first and the last `sort` of the days that belong to it.
pub(crate) fn sales_months(from: Day, to: Day) -> Vec<(String, (String, String))> {
    // '~' comes after every currency.
    let between = (from.to_string(), format!("{to}#~"));
    let next = |day: &Day| {
        let tomorrow = day.start().as_millis().checked_add(MILLIS_PER_DAY)?;
        Timestamp::from_millis(tomorrow).ok().map(Day::of)
    };
    let days = std::iter::successors(Some(from), next).take_while(|day| *day <= to);
    let mut months: Vec<String> = days.map(|day| month_partition(&day.to_string())).collect();
    months.dedup();
    months.into_iter().map(|month| (month, between.clone())).collect()
}

fn order_events(event: &Envelope) -> Result<Vec<OrderEvent>, SchemaError> {
    if event.aggregate_type == Order::TYPE { event.decode() } else { Ok(Vec::new()) }
}
