//! Old versions of order events, and their upcasts.

use serde::Deserialize;

use super::OrderShipped;
use crate::{CustomerId, TrackingNumber};

/// `OrderShipped` version 1 had one text for carrier and number, typed by the warehouse: `DHL 00340434`, or the
/// number only.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderShippedV1 {
    customer_id: CustomerId,
    tracking_code: TrackingNumber,
}

/// The whole text becomes the tracking number, and the carrier stays unknown. No rule can tell where the carrier's
/// name ends (`UPS Ground 1Z999`, `Deutsche Post RR 12`), and a guess would become a fact.
pub(super) fn shipped_v1_to_v2(old: OrderShippedV1) -> OrderShipped {
    OrderShipped { customer_id: old.customer_id, carrier: None, tracking_number: old.tracking_code }
}

#[cfg(test)]
mod tests {
    use dekigoto::{EventSchema, Payload, SchemaError};

    use super::*;
    use crate::order::OrderEvent;

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
