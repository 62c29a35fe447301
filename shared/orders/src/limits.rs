//! Every limit of the domain. The compiler checks the relations between them.
//!
//! Stored events pass the same checks when they are read. So a limit may be raised but never lowered: events written
//! under the higher limit would no longer decode.

use dekigoto::limits::{EVENT_BYTES_MAX, SNAPSHOT_BYTES_MAX};

/// Lines of one order.
pub const ITEMS_MAX: usize = 100;

/// Pieces of one product in one line.
pub const QUANTITY_MAX: u32 = 10_000;

/// The price of one piece, in minor units.
pub const UNIT_AMOUNT_MAX: u64 = 1_000_000_000_000;

/// The largest amount, in minor units: 2^53 - 1. Up to here integers stay exact even in JSON readers that
/// parse every number as a double.
pub const AMOUNT_MAX: u64 = (1 << 53) - 1;

/// Bytes of a customer's or a product's id.
pub const ID_BYTES_MAX: usize = 64;

/// Bytes of a payment provider's reference.
pub const REFERENCE_BYTES_MAX: usize = 128;

/// Bytes of a provider's reason for declining a payment.
pub const DECLINE_REASON_BYTES_MAX: usize = 200;

/// Characters of a carrier's name.
pub const CARRIER_CHARS_MAX: usize = 64;

/// Bytes of a carrier's tracking number.
pub const TRACKING_NUMBER_BYTES_MAX: usize = 128;

/// Characters of a person's reason for a cancellation or refund.
pub const REASON_CHARS_MAX: usize = 500;

/// Bytes of a payment provider's reference for a refund.
pub const REFUND_REFERENCE_BYTES_MAX: usize = 128;

/// Payments of one order, captured or declined. The state of one stream holds them all.
pub const PAYMENTS_PER_ORDER_MAX: usize = 50;

/// From this many payments on, no declined one is recorded, so that repeated declines always leave room for a
/// captured payment.
pub const PAYMENTS_WITH_DECLINED_MAX: usize = 40;

/// Refunds of one order, failed ones included. The state of one stream holds them all.
pub const REFUNDS_PER_ORDER_MAX: usize = 30;

/// From this many refunds on, no failed one is recorded, so that repeated failures always leave room for a refund.
pub const REFUNDS_WITH_FAILED_MAX: usize = 20;

/// JSON around the texts of one payment in the state: names, ids, quotes, digits.
const PAYMENT_JSON_BYTES_MAX: usize = 390;

/// JSON around the texts of one refund in the state.
const REFUND_JSON_BYTES_MAX: usize = 130;

/// JSON around the texts of one order line or one payment: names, quotes, digits.
const JSON_OVERHEAD_BYTES_MAX: usize = 300;

/// Bytes of one character in UTF-8.
const CHARACTER_BYTES_MAX: usize = 4;

/// A quote or a backslash takes two bytes in JSON. A control character would take six, but texts may not hold any.
const JSON_ESCAPE_FACTOR: usize = 2;

const _: () = assert!(UNIT_AMOUNT_MAX <= AMOUNT_MAX);
const _: () = assert!(PAYMENTS_WITH_DECLINED_MAX < PAYMENTS_PER_ORDER_MAX);
const _: () = assert!(REFUNDS_WITH_FAILED_MAX < REFUNDS_PER_ORDER_MAX);
const _: () = {
    // The total of the largest order fits u64: it is refused, and never wraps.
    let pieces = 100 * 10_000;
    assert!(ITEMS_MAX == 100 && QUANTITY_MAX == 10_000 && UNIT_AMOUNT_MAX <= u64::MAX / pieces);
};
const _: () = assert!(
    ITEMS_MAX * (ID_BYTES_MAX + JSON_OVERHEAD_BYTES_MAX) + JSON_OVERHEAD_BYTES_MAX
        < EVENT_BYTES_MAX,
    "the largest order must fit an event"
);
const _: () = assert!(
    CHARACTER_BYTES_MAX * (REASON_CHARS_MAX + CARRIER_CHARS_MAX)
        + JSON_ESCAPE_FACTOR * TRACKING_NUMBER_BYTES_MAX
        < EVENT_BYTES_MAX
);
const _: () = assert!(
    PAYMENTS_PER_ORDER_MAX
        * (JSON_ESCAPE_FACTOR * (REFERENCE_BYTES_MAX + DECLINE_REASON_BYTES_MAX)
            + PAYMENT_JSON_BYTES_MAX)
        + REFUNDS_PER_ORDER_MAX
            * (JSON_ESCAPE_FACTOR * REFUND_REFERENCE_BYTES_MAX + REFUND_JSON_BYTES_MAX)
        < SNAPSHOT_BYTES_MAX,
    "the largest payment state should fit a snapshot, so that a load stays one request"
);
