//! Placing an order.

use std::collections::BTreeSet;

use dekigoto::{Timestamp, ZoneName, relay::IntegrationData};
use serde::{Deserialize, Serialize, Serializer};

use super::{InvalidOrder, Item, OrderEvent, OrderRefusal, OrderState};
use crate::{
    Amount, Currency, CustomerId, Day, OrderId, ProductId, Quantity, UnitAmount, limits::ITEMS_MAX,
};

/// Creates an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOrder {
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// 1 to [`ITEMS_MAX`](crate::limits::ITEMS_MAX) lines.
    pub items: Vec<Item>,
    /// The places of the lines whose price came from the price list.
    pub listed: BTreeSet<usize>,
    /// The day on which the command was received, in this time zone.
    pub placed_on: Day,
    pub time_zone: ZoneName,
}

/// The request. A price from the price list is not part of it: a repeated request is the same one after another price.
impl Serialize for PlaceOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Request<'a> {
            customer_id: &'a CustomerId,
            currency: Currency,
            items: Vec<Line<'a>>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Line<'a> {
            product_id: &'a ProductId,
            quantity: Quantity,
            #[serde(skip_serializing_if = "Option::is_none")]
            unit_amount: Option<UnitAmount>,
        }
        let lines = self.items.iter().enumerate().map(|(place, item)| Line {
            product_id: &item.product_id,
            quantity: item.quantity,
            unit_amount: Some(item.unit_amount).filter(|_| !self.listed.contains(&place)),
        });
        let (customer_id, currency) = (&self.customer_id, self.currency);
        Request { customer_id, currency, items: lines.collect() }.serialize(serializer)
    }
}

/// A customer placed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    pub customer_id: CustomerId,
    /// The currency of every amount of the order.
    pub currency: Currency,
    /// The lines of the order.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ITEMS_MAX)))]
    pub items: Vec<Item>,
    /// The sum of all lines, in the currency's minor unit.
    pub total_amount: Amount,
    /// The day on which the order was placed, in this time zone.
    pub placed_on: Day,
    /// The business time zone. Absent in older events: UTC.
    #[serde(default)]
    pub time_zone: ZoneName,
}

pub(super) fn place(state: &OrderState, command: PlaceOrder) -> Result<OrderEvent, OrderRefusal> {
    if state.placed().is_some() {
        return Err(OrderRefusal::AlreadyPlaced);
    }
    let total_amount = total(&command.items)?;
    Ok(OrderEvent::OrderPlaced(OrderPlaced {
        customer_id: command.customer_id,
        currency: command.currency,
        items: command.items,
        total_amount,
        placed_on: command.placed_on,
        time_zone: command.time_zone,
    }))
}

fn total(items: &[Item]) -> Result<Amount, InvalidOrder> {
    if items.is_empty() {
        return Err(InvalidOrder::NoItems);
    }
    if items.len() > ITEMS_MAX {
        return Err(InvalidOrder::TooManyItems);
    }
    items
        .iter()
        .try_fold(Amount::ZERO, |total, item| total.plus(item.amount()?))
        .ok_or(InvalidOrder::TotalTooLarge)
}

/// A customer placed an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderCreatedIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub currency: Currency,
    /// The lines of the order.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ITEMS_MAX)))]
    pub items: Vec<OrderLine>,
    /// The sum of all lines, in the currency's minor unit.
    pub total_amount: Amount,
    /// The day on which the order was placed, in this time zone.
    pub placed_on: Day,
    /// The business time zone. Absent in older events: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<ZoneName>,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderCreatedIntegrationEvent {
    const TYPE: &'static str = "OrderCreatedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderCreatedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &OrderPlaced, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            currency: event.currency,
            items: event.items.iter().map(OrderLine::new).collect(),
            total_amount: event.total_amount,
            placed_on: event.placed_on,
            time_zone: Some(event.time_zone.clone()),
            occurred_at,
        }
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub product_id: ProductId,
    pub quantity: Quantity,
    /// The price of one piece, in the currency's minor unit.
    pub unit_amount: UnitAmount,
}

impl OrderLine {
    fn new(item: &Item) -> Self {
        Self {
            product_id: item.product_id.clone(),
            quantity: item.quantity,
            unit_amount: item.unit_amount,
        }
    }
}
