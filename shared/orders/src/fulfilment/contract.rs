//! The JSON Schemas of the events of a fulfilment, for the contract with subscribers.

use dekigoto::contract::EventType;

use super::{
    CancellationRequested, ConfirmationRequested, FulfilmentStarted, OrderStatusNoted,
    PaymentCounted, RefundCounted, RefundRequested, RefundRequestedIntegrationEvent, RequestEnded,
};

/// Every domain event in every schema version, then every integration event. A test compares the list with the
/// registry and with what is announced.
#[must_use]
pub fn event_types() -> Vec<EventType> {
    vec![
        EventType::domain::<FulfilmentStarted>("FulfilmentStarted", 1),
        EventType::domain::<PaymentCounted>("FulfilmentPaymentCounted", 1),
        EventType::domain::<RefundCounted>("FulfilmentRefundCounted", 1),
        EventType::domain::<OrderStatusNoted>("FulfilmentOrderStatusNoted", 1),
        EventType::domain::<ConfirmationRequested>("ConfirmationRequested", 1),
        EventType::domain::<CancellationRequested>("CancellationRequested", 1),
        EventType::domain::<RequestEnded>("FulfilmentRequestEnded", 1),
        EventType::domain::<RefundRequested>("RefundRequested", 1),
        EventType::integration::<RefundRequestedIntegrationEvent>(),
    ]
}
