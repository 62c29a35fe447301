//! The status of an order, and the actions that it allows: see [`Status::allows`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Placed, not yet confirmed.
    Pending,
    /// The shop accepted it.
    Confirmed,
    /// The carrier has it.
    Shipped,
    /// The customer has it.
    Delivered,
    /// Cancelled before it was shipped.
    Cancelled,
}

/// An action on an order that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// [`ConfirmOrder`](super::OrderCommand::ConfirmOrder)
    Confirm,
    /// [`ShipOrder`](super::OrderCommand::ShipOrder)
    Ship,
    /// [`DeliverOrder`](super::OrderCommand::DeliverOrder)
    Deliver,
    /// [`CancelOrder`](super::OrderCommand::CancelOrder)
    Cancel,
}

/// The text is not a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a status is pending, confirmed, shipped, delivered or cancelled")]
pub struct UnknownStatus;

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Confirmed, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// The actions that this status allows.
    #[must_use]
    pub const fn allows(self) -> &'static [Action] {
        match self {
            Self::Pending => &[Action::Confirm, Action::Cancel],
            Self::Confirmed => &[Action::Ship, Action::Cancel],
            Self::Shipped => &[Action::Deliver],
            Self::Delivered | Self::Cancelled => &[],
        }
    }

    /// The name in lower case, as HTTP and views write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Action {
    /// The past participle, as in `it can be shipped`.
    #[must_use]
    pub const fn participle(self) -> &'static str {
        match self {
            Self::Confirm => "confirmed",
            Self::Ship => "shipped",
            Self::Deliver => "delivered",
            Self::Cancel => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_name_in_text_and_json() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{status}\""));
        }
        assert_eq!("Pending".parse::<Status>(), Err(UnknownStatus));
        assert_eq!("".parse::<Status>(), Err(UnknownStatus));
    }
}
