//! The facts of an order that its payments need.

use crate::{CustomerId, OrderId, order::PlacedOrder};

/// What payments need to know about their order. The use case loads it before the command. It never changes, so it
/// cannot be out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOrder {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
}

impl PaidOrder {
    /// Takes what payments need from a placed order.
    #[must_use]
    pub fn new(order_id: OrderId, order: &PlacedOrder) -> Self {
        Self { order_id, customer_id: order.customer_id.clone() }
    }
}
