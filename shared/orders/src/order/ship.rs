//! Shipping an order: a carrier collects it. It is paid in full, or staff accepts it on account.

use dekigoto::{Timestamp, relay::IntegrationData};
use serde::{Deserialize, Serialize};

use super::{Action, Funds, OrderEvent, OrderRefusal, OrderState, Status};
use crate::{Carrier, CustomerId, OrderId, TrackingNumber};

/// Hands an order to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    pub carrier: Carrier,
    pub tracking_number: TrackingNumber,
    #[serde(rename = "onAccount", skip_serializing_if = "Funds::is_paid")]
    pub funds: Funds,
}

/// A carrier collected an order. Schema version 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    pub customer_id: CustomerId,
    /// Absent in shipments that were recorded as version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    pub tracking_number: TrackingNumber,
    /// Whether it was shipped without payment, though it had not been confirmed on account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub on_account: bool,
}

pub(super) const SHIP: Action = Action { participle: "shipped", allowed_in: &[Status::Confirmed] };

pub(super) fn ship(state: &OrderState, command: ShipOrder) -> Result<OrderEvent, OrderRefusal> {
    let order = state.ready(SHIP)?;
    command.funds.cover(order)?;
    Ok(OrderEvent::OrderShipped(OrderShipped {
        customer_id: order.customer_id.clone(),
        carrier: Some(command.carrier),
        tracking_number: command.tracking_number,
        on_account: command.funds.is_on_account(),
    }))
}

/// A carrier collected an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderShippedIntegrationEvent {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    /// Absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<Carrier>,
    pub tracking_number: TrackingNumber,
    pub occurred_at: Timestamp,
}

impl IntegrationData for OrderShippedIntegrationEvent {
    const TYPE: &'static str = "OrderShippedIntegrationEvent";
    const SCHEMA_VERSION: u32 = 1;
}

impl OrderShippedIntegrationEvent {
    pub(super) fn new(order_id: OrderId, event: &OrderShipped, occurred_at: Timestamp) -> Self {
        Self {
            order_id,
            customer_id: event.customer_id.clone(),
            carrier: event.carrier.clone(),
            tracking_number: event.tracking_number.clone(),
            occurred_at,
        }
    }
}

/// `OrderShipped` version 1 had one text for carrier and number, typed by the warehouse: `DHL 00340434`, or the
/// number only.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderShippedV1 {
    customer_id: CustomerId,
    tracking_code: TrackingNumber,
}

/// The whole text becomes the tracking number, and the carrier stays unknown. No rule can tell where the carrier's
/// name ends (`UPS Ground 1Z999`, `Deutsche Post RR 12`), and a guess would become a fact.
pub(super) fn v1_to_v2(old: OrderShippedV1) -> OrderShipped {
    OrderShipped {
        customer_id: old.customer_id,
        carrier: None,
        tracking_number: old.tracking_code,
        on_account: false,
    }
}

#[cfg(test)]
mod tests {
    use dekigoto::{EventSchema, Payload, SchemaError};

    use super::*;

    fn decode(schema_version: u32, payload: &str) -> Result<Vec<OrderEvent>, SchemaError> {
        let payload = Payload::from_text(payload.to_owned()).unwrap();
        OrderEvent::decode("OrderShipped", schema_version, &payload)
    }

    #[test]
    fn version_1_becomes_a_tracking_number_without_a_carrier() {
        let events = decode(1, r#"{"customerId":"c-42","trackingCode":"DHL 00340434"}"#).unwrap();
        let expected = OrderShipped {
            customer_id: "c-42".parse().unwrap(),
            carrier: None,
            tracking_number: "DHL 00340434".parse().unwrap(),
            on_account: false,
        };
        assert_eq!(events, [OrderEvent::OrderShipped(expected)]);
    }

    #[test]
    fn a_payload_of_another_version_is_malformed() {
        let v1 = r#"{"customerId":"c-42","trackingCode":"DHL 1"}"#;
        let v2 = r#"{"customerId":"c-42","carrier":"DHL","trackingNumber":"1"}"#;
        assert!(matches!(decode(2, v1), Err(SchemaError::Malformed { .. })));
        assert!(matches!(decode(1, v2), Err(SchemaError::Malformed { .. })));
    }

    #[test]
    fn a_newer_version_is_an_error() {
        assert!(matches!(decode(3, "{}"), Err(SchemaError::Newer { got: 3, known: 2, .. })));
    }
}
