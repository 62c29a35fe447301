//! `daily-sales`: one row for each day of placing and currency, from the events of all orders.
//! `GET /v1/sales/daily` reads it.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use dekigoto::{
    Envelope, RowKey, Text, Timestamp,
    views::{Across, AcrossView, Fold, View},
};
use dekigoto_http::{App, Params, Problem, Routes, bad_parameter, unreadable_data};
use orders::{
    Currency, Day,
    order::{Order, OrderEvent, Sale},
};
use serde::{Deserialize, Serialize};

use crate::{caller::Caller, limits::SALES_DAYS_MAX};

const MILLIS_PER_DAY: i64 = 24 * 60 * 60 * 1000;

/// The query that reads the view.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/sales/daily", daily_sales)
}

/// The view: one row for each day of placing and currency.
#[derive(Clone, Copy, Debug)]
pub struct DailySalesView;

impl View for DailySalesView {
    type Row = DailySales;
    type Folds = (Order,);

    const NAME: &'static str = "daily-sales";
    const EVENTS: Option<&'static [&'static str]> = Some(&["OrderPlaced", "OrderCancelled"]);
}

impl AcrossView for DailySalesView {
    fn add(row: &mut DailySales, part: DailySales) {
        row.order_count = row.order_count.saturating_add(part.order_count);
        row.cancelled_count = row.cancelled_count.saturating_add(part.cancelled_count);
        row.total_amount += part.total_amount;
    }
}

impl Fold<Order> for DailySalesView {
    fn row_key(event: &OrderEvent, _: &Envelope) -> Option<RowKey> {
        event.sale().map(|sale| match sale {
            Sale::Placed(it) => daily_key(it.placed_on, it.currency),
            Sale::Cancelled(it) => daily_key(it.placed_on, it.currency),
        })
    }

    fn fold(row: &mut DailySales, event: &OrderEvent, _: &Envelope) {
        row.apply(event);
    }
}

/// A day's row is in the partition of its month, so that a report of 92 days reads at most four partitions.
fn daily_key(day: Day, currency: Currency) -> RowKey {
    let day = day.to_string();
    RowKey::new(month_partition(&day), format!("{day}#{currency}"))
}

fn month_partition(day: &str) -> String {
    let month = day.rsplit_once('-').map_or(day, |(month, _)| month);
    format!("{}#{month}", DailySalesView::NAME)
}

/// The partitions of a report, each with the first and last `sort` of its days.
fn sales_months(from: Day, to: Day) -> Vec<(String, (String, String))> {
    // '~' sorts after every currency.
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

/// The row of a day and a currency.
///
/// A cancellation may be applied before its order's placing. Until both are, the total may be below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailySales {
    /// Placed orders, including cancelled ones.
    pub(crate) order_count: u64,
    /// Cancelled orders, at any later time.
    pub(crate) cancelled_count: u64,
    /// The total of the orders that were not cancelled, in minor units. 2^74 of the largest orders fit.
    pub(crate) total_amount: i128,
}

impl DailySales {
    /// Applies one event of an order of this row. The event's time does not matter: the order counts on its day of
    /// placing.
    pub(super) fn apply(&mut self, event: &OrderEvent) {
        match event.sale() {
            Some(Sale::Placed(placed)) => {
                self.order_count = self.order_count.saturating_add(1);
                self.total_amount += i128::from(placed.total_amount.get());
            }
            Some(Sale::Cancelled(cancelled)) => {
                self.cancelled_count = self.cancelled_count.saturating_add(1);
                self.total_amount -= i128::from(cancelled.total_amount.get());
            }
            None => {}
        }
    }
}

/// A day's row as clients read it.
#[derive(Serialize)]
struct DailyAnswer {
    date: String,
    currency: String,
    #[serde(flatten)]
    sales: DailySales,
}

/// The report.
#[derive(Serialize)]
struct DailyPage {
    items: Vec<DailyAnswer>,
}

impl DailyAnswer {
    fn of(key: &RowKey, sales: DailySales) -> Result<Self, Problem> {
        let place = key.sort.split_once('#');
        let (date, currency) =
            place.ok_or_else(|| unreadable_data("a sales row without a currency"))?;
        Ok(Self { date: date.to_owned(), currency: currency.to_owned(), sales })
    }
}

async fn daily_sales(
    State(app): State<App>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    caller.must_be_trusted()?;
    let (from, to): (Option<Day>, Option<Day>) = (params.required("from"), params.required("to"));
    let (from, to) = params.finish_with(from.zip(to))?;
    if !(0..SALES_DAYS_MAX).contains(&to.days_since(from)) {
        return Err(bad_parameter(
            "to",
            Text::with_values(
                format!("must be the day of from, or up to {} days later", SALES_DAYS_MAX - 1),
                format!("from と同じ日から {} 日後までにしてください。", SALES_DAYS_MAX - 1),
            ),
        ));
    }
    let mut items = Vec::new();
    for (partition, between) in sales_months(from, to) {
        // A month has at most one row for each day and currency, so the calendar and ISO 4217 bound the list.
        let views = &app.views(DailySalesView::NAME);
        for (key, sales) in Across::<DailySalesView>::list(views, &partition, Some(between)).await?
        {
            items.push(DailyAnswer::of(&key, sales)?);
        }
    }
    Ok(Json(DailyPage { items }).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use orders::samples::{cancelled, delivered, envelope, placed};

    #[test]
    fn an_order_and_its_cancellation_count_on_the_day_of_placing() {
        let key = |event: OrderEvent| DailySalesView::row_key(&event, &envelope());
        let row = RowKey::new("daily-sales#2026-11", "2026-11-23#JPY");
        assert_eq!((key(placed()), key(cancelled())), (Some(row.clone()), Some(row)));
        assert_eq!(key(delivered()), None);
    }

    #[test]
    fn the_total_excludes_cancelled_orders() {
        let mut row = DailySales::default();
        for event in [cancelled(), placed(), placed()] {
            row.apply(&event);
        }
        let expected = DailySales { order_count: 2, cancelled_count: 1, total_amount: 3000 };
        assert_eq!(row, expected);
    }
}
