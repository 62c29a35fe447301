#![doc = include_str!("../README.md")]

mod fulfilment;
mod order;
mod payment;
mod price;

pub use dekigoto::{Envelope, EventSchema, NotAnEvent, SchemaError};
pub use fulfilment::{
    Fulfilment, FulfilmentEvent, FulfilmentOrderStatusNoted, FulfilmentPaymentCounted,
    FulfilmentRefundCounted, FulfilmentRequestEnded, FulfilmentStarted, RefundRequested,
    RequestedStep,
};
pub use order::{
    Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderEvent, OrderLine, OrderPlaced,
    OrderShipped,
};
pub use payment::{
    Payment, PaymentEvent, PaymentFailed, PaymentReceived, PaymentRefunded, RefundFailed,
};
pub use price::{Price, PriceEvent, PriceSet};
