//! The JSON Schemas of the events of an order's payments, for the contract with subscribers.

use dekigoto::contract::EventType;

use super::{
    PaymentFailed, PaymentFailedIntegrationEvent, PaymentReceived, PaymentReceivedIntegrationEvent,
    PaymentRefunded, PaymentRefundedIntegrationEvent, RefundFailed, RefundFailedIntegrationEvent,
    refund::PaymentRefundedV1,
};

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    vec![
        EventType::domain::<PaymentReceived>("PaymentReceived", 1),
        EventType::domain::<PaymentFailed>("PaymentFailed", 1),
        EventType::domain::<PaymentRefundedV1>("PaymentRefunded", 1),
        EventType::domain::<PaymentRefunded>("PaymentRefunded", 2),
        EventType::domain::<RefundFailed>("RefundFailed", 1),
        EventType::integration::<PaymentReceivedIntegrationEvent>(),
        EventType::integration::<PaymentFailedIntegrationEvent>(),
        EventType::integration::<PaymentRefundedIntegrationEvent>(),
        EventType::integration::<RefundFailedIntegrationEvent>(),
    ]
}
