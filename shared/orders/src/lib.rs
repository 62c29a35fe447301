//! The domain: orders, payments, their rules, and the integration events that other services receive.
//!
//! Promises: pure functions and checked values; every event ever stored still decodes. Does not know: stores, queues,
//! HTTP, clocks, randomness. Time and ids arrive as data.
//!
//! ```
//! use dekigoto::{CommandKey, Decider as _};
//! use orders::{Amount, Day, OrderId, Status, UnitAmount};
//! use orders::order::{Item, Order, OrderCommand, OrderState, PlaceOrder};
//!
//! let key: CommandKey = "checkout-7".parse()?;
//! let id = OrderId::derive("shop", &key);
//! assert_eq!(id, OrderId::derive("shop", &key), "a repeated command names the same order");
//!
//! let place = PlaceOrder {
//!     customer_id: "c-42".parse()?,
//!     currency: "JPY".parse()?,
//!     items: vec![Item {
//!         product_id: "p-1".parse()?,
//!         quantity: 2.try_into()?,
//!         unit_amount: UnitAmount::try_from(1500)?,
//!     }],
//!     listed: Default::default(),
//!     placed_on: "2026-11-23".parse::<Day>()?,
//!     time_zone: Default::default(),
//! };
//! let events = Order::decide(&OrderState::default(), OrderCommand::PlaceOrder(place))?;
//! let state = events.iter().fold(OrderState::default(), Order::evolve);
//! let placed = state.placed().ok_or("not placed")?;
//! assert_eq!(placed.total_amount, Amount::try_from(3000)?);
//! assert_eq!(placed.status, Status::Pending);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(missing_docs, reason = "the fields and variants of the domain name themselves")]

#[cfg(feature = "schema")]
mod contract;
mod day;
pub mod fulfilment;
mod ids;
pub mod limits;
mod money;
pub mod order;
mod paid;
pub mod payment;
pub mod price;
mod text;

#[cfg(any(test, feature = "samples"))]
pub mod samples;
#[cfg(any(test, feature = "samples"))]
pub mod strategies;

#[cfg(feature = "schema")]
pub use contract::event_types;
pub use day::{Day, InvalidDay};
pub use ids::{CustomerId, IdForm, InvalidId, OrderId, PaymentId, ProductId};
pub use money::{Amount, Currency, InvalidAmount, InvalidCurrency, UnitAmount};
pub use order::{InvalidQuantity, Quantity, Status, UnknownStatus};
pub use paid::Paid;
pub use text::{
    Carrier, DeclineReason, InvalidText, PaymentReference, Reason, RefundReference, TextFault,
    TextLimit, TrackingNumber,
};
