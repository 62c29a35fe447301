//! The types read every sample message of the contract, and lose no field of the newest version.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use order_events::{Envelope, EventSchema, FulfilmentEvent, OrderEvent, PaymentEvent, PriceEvent};
use serde_json::Value;

const SAMPLES: &str = include_str!("../../../infra/consumers/messages/topic.jsonl");

/// Decodes a sample and encodes it again: the newest version and its payload.
fn encoded<E: EventSchema>(envelope: &Envelope) -> (u32, Value) {
    let events = envelope.decode::<E>();
    let events = events.unwrap_or_else(|cause| panic!("{}: {cause}", envelope.event_type));
    let encoded = events.first().unwrap().encode().unwrap();
    (encoded.schema_version, encoded.payload.read().unwrap())
}

#[test]
fn every_sample_message_is_read_and_none_of_its_fields_is_lost() {
    let mut kept = 0;
    for line in SAMPLES.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        let envelope = Envelope::from_message(sample["body"].as_str().unwrap()).unwrap();
        let (newest, payload) = match envelope.aggregate_type.as_str() {
            "Order" => encoded::<OrderEvent>(&envelope),
            "Payment" => encoded::<PaymentEvent>(&envelope),
            "Fulfilment" => encoded::<FulfilmentEvent>(&envelope),
            "Price" => encoded::<PriceEvent>(&envelope),
            other => panic!("add the events of {other} to this crate"),
        };
        if envelope.schema_version == newest {
            assert_eq!(
                payload,
                envelope.payload.read::<Value>().unwrap(),
                "{}",
                envelope.event_type
            );
            kept += 1;
        }
    }
    assert!(kept >= 20, "{kept}");
}

#[test]
fn an_event_of_a_newer_version_is_an_error_that_says_so() {
    let line = SAMPLES.lines().find(|line| line.contains("OrderConfirmed")).unwrap();
    let sample: Value = serde_json::from_str(line).unwrap();
    let body = sample["body"].as_str().unwrap();
    let newer = body.replace("\"schemaVersion\":1", "\"schemaVersion\":2");
    let cause = Envelope::from_message(&newer).unwrap().decode::<OrderEvent>().unwrap_err();
    assert!(cause.is_of_newer_code(), "{cause}");
}
