//! Shipments: one row for each confirmed order, however often and late its event arrives.

use dekigoto::{
    Envelope, RowKey,
    views::{AcrossView, Fold, View},
};
use order_events::{Order, OrderEvent};
use serde::{Deserialize, Serialize};

/// The shipments to prepare, by order.
#[derive(Clone, Copy, Debug)]
pub struct Shipments;

/// A shipment of one order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// How many there are. More than one would be a fault.
    pub count: u32,
    /// Who gets it.
    pub customer_id: String,
}

impl View for Shipments {
    type Row = Shipment;
    type Folds = (Order,);

    const NAME: &'static str = "shipments";
}

impl AcrossView for Shipments {
    fn add(row: &mut Shipment, part: Shipment) {
        row.count += part.count;
        row.customer_id = part.customer_id;
    }
}

impl Fold<Order> for Shipments {
    /// Decided by the event in the body. The attributes of a message are for filters only, and anybody can forge them.
    fn row_key(event: &OrderEvent, envelope: &Envelope) -> Option<RowKey> {
        match event {
            OrderEvent::OrderConfirmed(_) => Some(RowKey::only(Self::NAME, &envelope.aggregate_id)),
            _ => None, // Events of other kinds, also those that a later version of the crate adds.
        }
    }

    fn fold(row: &mut Shipment, event: &OrderEvent, _: &Envelope) {
        if let OrderEvent::OrderConfirmed(confirmed) = event {
            row.count += 1;
            row.customer_id.clone_from(&confirmed.customer_id);
        }
    }
}
