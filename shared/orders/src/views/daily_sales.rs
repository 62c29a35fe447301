//! One row for each UTC day of placing and currency, from events of many orders. The changes commute.

use serde::{Deserialize, Serialize};

use crate::{Currency, Day, order::OrderEvent};

/// The row of a day and a currency.
///
/// A cancellation may be here before its order's placing; until both are, the total may be below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailySales {
    /// Orders placed, those that were cancelled included.
    pub order_count: u64,
    /// Orders cancelled, whenever that was.
    pub cancelled_count: u64,
    /// What the orders that were not cancelled are worth, in minor units. 2^74 of the largest fit.
    pub total_amount: i128,
}

/// Which row of the daily sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailySalesKey {
    /// The UTC day of placing.
    pub date: Day,
    /// The currency.
    pub currency: Currency,
}

impl DailySales {
    /// The row that the event changes; none when it changes no row.
    #[must_use]
    pub fn key(event: &OrderEvent) -> Option<DailySalesKey> {
        match event {
            OrderEvent::OrderPlaced(placed) => {
                Some(DailySalesKey { date: placed.placed_on, currency: placed.currency })
            }
            OrderEvent::OrderCancelled(cancelled) => {
                Some(DailySalesKey { date: cancelled.placed_on, currency: cancelled.currency })
            }
            OrderEvent::OrderConfirmed(_)
            | OrderEvent::OrderShipped(_)
            | OrderEvent::OrderDelivered(_) => None,
        }
    }

    /// Applies one event of an order of this row. When it happened does not matter: the day is the order's.
    pub fn apply(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::OrderPlaced(placed) => {
                self.order_count = self.order_count.saturating_add(1);
                self.total_amount += i128::from(placed.total_amount.get());
            }
            OrderEvent::OrderCancelled(cancelled) => {
                self.cancelled_count = self.cancelled_count.saturating_add(1);
                self.total_amount -= i128::from(cancelled.total_amount.get());
            }
            OrderEvent::OrderConfirmed(_)
            | OrderEvent::OrderShipped(_)
            | OrderEvent::OrderDelivered(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cancelled, delivered, placed};

    #[test]
    fn an_order_counts_on_the_day_it_was_placed_and_so_does_its_cancellation() {
        assert_eq!(DailySales::key(&placed()), DailySales::key(&cancelled()));
        let key = DailySales::key(&placed()).unwrap();
        assert_eq!((key.date.to_string().as_str(), key.currency.as_str()), ("2026-11-23", "JPY"));
        assert_eq!(DailySales::key(&delivered()), None);
    }

    #[test]
    fn the_total_leaves_out_what_was_cancelled() {
        let mut row = DailySales::default();
        for event in [cancelled(), placed(), placed()] {
            row.apply(&event);
        }
        let expected = DailySales { order_count: 2, cancelled_count: 1, total_amount: 3000 };
        assert_eq!(row, expected);
    }
}
