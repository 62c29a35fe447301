//! What the views of the order service cost. `cargo test -p view-costs -- --nocapture` shows the measured numbers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod before;
mod budgets;
mod charged;
mod deadlines;
mod drain;
mod engine;
mod lag;
mod order;
mod pending;
mod time;
mod units;
