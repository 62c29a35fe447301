//! One row for each customer, from events of many orders. The changes commute: no order between streams is needed.

use std::collections::BTreeMap;

use dekigoto::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, CustomerId, order::OrderEvent};

/// The row of a customer.
///
/// A cancellation may be here before its order's placing; until both are, a total may be below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerSummary {
    /// Orders placed, those that were cancelled included.
    pub order_count: u64,
    /// Orders cancelled.
    pub cancelled_count: u64,
    /// What the orders that were not cancelled are worth, in minor units of each currency. 2^74 of the
    /// largest orders fit.
    pub totals: BTreeMap<Currency, i128>,
    /// When the newest order was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_order_at: Option<Timestamp>,
}

impl CustomerSummary {
    /// The customer whose row the event changes; none when it changes no row.
    #[must_use]
    pub fn key(event: &OrderEvent) -> Option<&CustomerId> {
        match event {
            OrderEvent::OrderPlaced(placed) => Some(&placed.customer_id),
            OrderEvent::OrderCancelled(cancelled) => Some(&cancelled.customer_id),
            OrderEvent::OrderConfirmed(_)
            | OrderEvent::OrderShipped(_)
            | OrderEvent::OrderDelivered(_) => None,
        }
    }

    /// Applies one event of one of the customer's orders.
    pub fn apply(&mut self, event: &OrderEvent, at: Timestamp) {
        match event {
            OrderEvent::OrderPlaced(placed) => {
                self.order_count = self.order_count.saturating_add(1);
                *self.totals.entry(placed.currency).or_default() +=
                    i128::from(placed.total_amount.get());
                self.last_order_at = self.last_order_at.max(Some(at));
            }
            OrderEvent::OrderCancelled(cancelled) => {
                self.cancelled_count = self.cancelled_count.saturating_add(1);
                *self.totals.entry(cancelled.currency).or_default() -=
                    i128::from(cancelled.total_amount.get());
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
    use crate::samples::{at, cancelled, confirmed, placed};

    #[test]
    fn totals_leave_out_what_was_cancelled() {
        let mut row = CustomerSummary::default();
        row.apply(&placed(), at(0));
        row.apply(&placed(), at(5));
        row.apply(&cancelled(), at(9));
        let expected = serde_json::json!({
            "orderCount": 2,
            "cancelledCount": 1,
            "totals": { "JPY": 3000 },
            "lastOrderAt": "2026-11-23T09:05:00.000Z",
        });
        assert_eq!(serde_json::to_value(&row).unwrap(), expected);
    }

    #[test]
    fn a_cancellation_may_come_before_its_placing() {
        let mut row = CustomerSummary::default();
        row.apply(&cancelled(), at(1));
        assert_eq!(row.totals.values().sum::<i128>(), -3000);
        row.apply(&placed(), at(0));
        assert_eq!(row.totals.values().sum::<i128>(), 0);
        assert_eq!((row.order_count, row.cancelled_count), (1, 1));
    }

    #[test]
    fn other_events_touch_no_row() {
        assert_eq!(CustomerSummary::key(&confirmed()), None);
        assert_eq!(CustomerSummary::key(&placed()).map(CustomerId::as_str), Some("c-42"));
        let mut row = CustomerSummary::default();
        row.apply(&confirmed(), at(0));
        assert_eq!(row, CustomerSummary::default());
    }

    #[test]
    fn totals_beyond_64_bits_survive_being_stored() {
        let mut row = CustomerSummary::default();
        row.totals.insert("JPY".parse().unwrap(), i128::from(i64::MIN) * 1000);
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<CustomerSummary>(&text).unwrap(), row);
    }
}
