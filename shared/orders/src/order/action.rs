//! An action on an order that exists. Each action's file defines its own.

use super::Status;

/// An action on an order that exists, and the statuses that allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The past participle, as in `it can be shipped`.
    pub participle: &'static str,
    pub allowed_in: &'static [Status],
}

impl Action {
    /// Whether an order with that status allows the action.
    #[must_use]
    pub fn is_allowed_in(&self, status: Status) -> bool {
        self.allowed_in.contains(&status)
    }
}
