//! One row for each order, from the order's events and its payments'.

use dekigoto::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Amount, Currency, CustomerId, OrderId, Status,
    order::{OrderEvent, OrderPlaced},
    payment::PaymentEvent,
};

/// The row of an order. Each stream's events are applied in the order of their versions; the two streams may be
/// mixed in any way, so a payment may be here before its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// What the order's own events say; none before OrderPlaced, when there is nothing to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<PlacedSummary>,
    /// What the customer has paid: captured and not refunded, in minor units.
    pub paid_amount: Amount,
}

/// The part of the row that the order's own events tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacedSummary {
    /// Whose order.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub status: Status,
    /// The currency of every amount.
    pub currency: Currency,
    /// What it is worth, in minor units.
    pub total_amount: Amount,
    /// How many lines it has.
    pub item_count: usize,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// When it was shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

/// An order as a reader sees it: what `GET /v1/orders/{orderId}` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    /// Which order.
    pub order_id: OrderId,
    /// What its own events say.
    #[serde(flatten)]
    pub order: PlacedSummary,
    /// What the customer has paid, in minor units; left out where only the order's own stream was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_amount: Option<Amount>,
    /// The version of the order's own stream that this is.
    pub version: u64,
}

impl OrderSummary {
    /// Applies one event of the order.
    pub fn apply_order(&mut self, event: &OrderEvent, at: Timestamp) {
        if let OrderEvent::OrderPlaced(placed) = event {
            self.order = Some(PlacedSummary::new(placed, at));
        }
        let Some(order) = &mut self.order else { return };
        match event {
            OrderEvent::OrderPlaced(_) => {}
            OrderEvent::OrderConfirmed(_) => {
                (order.status, order.confirmed_at) = (Status::Confirmed, Some(at));
            }
            OrderEvent::OrderShipped(_) => {
                (order.status, order.shipped_at) = (Status::Shipped, Some(at));
            }
            OrderEvent::OrderDelivered(_) => {
                (order.status, order.delivered_at) = (Status::Delivered, Some(at));
            }
            OrderEvent::OrderCancelled(_) => {
                (order.status, order.cancelled_at) = (Status::Cancelled, Some(at));
            }
        }
    }

    /// Applies one event of the order's payments. When it happened is not shown.
    pub fn apply_payment(&mut self, event: &PaymentEvent) {
        self.paid_amount = match event {
            PaymentEvent::PaymentReceived(received) => {
                self.paid_amount.saturating_plus(received.amount)
            }
            PaymentEvent::PaymentFailed(_) => self.paid_amount,
            PaymentEvent::PaymentRefunded(refunded) => {
                self.paid_amount.saturating_minus(refunded.amount)
            }
        };
    }

    /// The order as a reader sees it, at that version of its own stream; none before it is placed.
    #[must_use]
    pub fn view(&self, order_id: OrderId, version: u64) -> Option<OrderView> {
        let order = self.order.clone()?;
        Some(OrderView { order_id, order, paid_amount: Some(self.paid_amount), version })
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
            confirmed_at: None,
            shipped_at: None,
            delivered_at: None,
            cancelled_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{
        at, cancelled, confirmed, delivered, order_id, placed, received, refunded, shipped,
    };

    fn summary(events: &[OrderEvent]) -> OrderSummary {
        let mut row = OrderSummary::default();
        for (minute, event) in (0..).zip(events) {
            row.apply_order(event, at(minute));
        }
        row
    }

    #[test]
    fn a_delivered_order_shows_each_step_with_its_time() {
        let row = summary(&[placed(), confirmed(), shipped(), delivered()]);
        let shown = serde_json::to_value(row.view(order_id(), 4)).unwrap();
        let expected = serde_json::json!({
            "orderId": order_id().to_string(),
            "customerId": "c-42",
            "status": "delivered",
            "currency": "JPY",
            "totalAmount": 3000,
            "itemCount": 1,
            "placedAt": "2026-11-23T09:00:00.000Z",
            "confirmedAt": "2026-11-23T09:01:00.000Z",
            "shippedAt": "2026-11-23T09:02:00.000Z",
            "deliveredAt": "2026-11-23T09:03:00.000Z",
            "paidAmount": 0,
            "version": 4,
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_cancelled_order_shows_when_it_was_cancelled() {
        let row = summary(&[placed(), cancelled()]);
        let order = row.order.unwrap();
        assert_eq!(order.status, Status::Cancelled);
        assert_eq!(order.cancelled_at, Some(at(1)));
    }

    #[test]
    fn a_payment_before_its_order_is_kept_but_not_shown() {
        let mut row = OrderSummary::default();
        row.apply_payment(&received("ch_1", 3000));
        assert_eq!(row.view(order_id(), 1), None);
        row.apply_order(&placed(), at(0));
        let shown = row.view(order_id(), 1).unwrap();
        assert_eq!(shown.paid_amount.map(Amount::get), Some(3000));
    }

    #[test]
    fn a_refund_lowers_what_was_paid() {
        let mut row = summary(&[placed()]);
        row.apply_payment(&received("ch_1", 3000));
        row.apply_payment(&refunded("ch_1", 1200));
        assert_eq!(row.paid_amount.get(), 1800);
    }

    #[test]
    fn a_row_survives_being_stored() {
        let mut row = summary(&[placed(), confirmed()]);
        row.apply_payment(&received("ch_1", 3000));
        for row in [row, OrderSummary::default()] {
            let text = serde_json::to_string(&row).unwrap();
            assert_eq!(serde_json::from_str::<OrderSummary>(&text).unwrap(), row);
        }
    }
}
