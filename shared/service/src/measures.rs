//! What the business measures. Counted where a command is accepted, so that a repeated command counts once.

use dekigoto::measure::Measure;

/// Orders that were placed.
pub(crate) const ORDERS_PLACED: Measure = Measure::count("OrdersPlaced");

/// Captured amounts, in the minor units of their currency. Only sums of one currency mean something.
pub(crate) const AMOUNT_CAPTURED: Measure = Measure::count("AmountCaptured");
