//! Old shapes of order events, and what they mean today.

use serde::Deserialize;

use super::OrderShipped;
use crate::{CustomerId, TrackingNumber};

/// `OrderShipped` version 1 had one text for carrier and number, as the warehouse wrote it: `DHL 00340434`, or the
/// number alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderShippedV1 {
    customer_id: CustomerId,
    tracking_code: TrackingNumber,
}

/// The text becomes the tracking number, whole, and the carrier stays unknown. Where the carrier's name ends in it, no
/// rule could tell (`UPS Ground 1Z999`, `Deutsche Post RR 12`), and a guess would become a fact.
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
    fn a_shipment_of_version_1_keeps_its_text_and_names_no_carrier() {
        let events = decode(1, r#"{"customerId":"c-42","trackingCode":"DHL 00340434"}"#).unwrap();
        let expected = OrderShipped {
            customer_id: "c-42".parse().unwrap(),
            carrier: None,
            tracking_number: "DHL 00340434".parse().unwrap(),
        };
        assert_eq!(events, [OrderEvent::OrderShipped(expected)]);
    }

    #[test]
    fn the_shape_of_one_version_is_not_read_as_the_other() {
        let v1 = r#"{"customerId":"c-42","trackingCode":"DHL 1"}"#;
        let v2 = r#"{"customerId":"c-42","carrier":"DHL","trackingNumber":"1"}"#;
        assert!(matches!(decode(2, v1), Err(SchemaError::Malformed { .. })));
        assert!(matches!(decode(1, v2), Err(SchemaError::Malformed { .. })));
    }

    #[test]
    fn a_version_from_the_future_is_refused_loudly() {
        assert!(matches!(decode(3, "{}"), Err(SchemaError::Newer { got: 3, known: 2, .. })));
    }
}
