//! Why an order refuses a command. Each refusal has a stable name for programs and a message for people.

use std::borrow::Cow;

use dekigoto::Explain;

use super::{ACTIONS, Action, Status};
use crate::{
    Amount,
    limits::{AMOUNT_MAX, ITEMS_MAX},
};

/// Why an order refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefusal {
    /// No order has that id.
    #[error("There is no such order.")]
    NotFound,
    #[error("The order has already been placed.")]
    AlreadyPlaced,
    /// The order's status does not allow the command.
    #[error("{}", sentence(*.status, *.action))]
    IllegalTransition { action: Action, status: Status },
    /// The order is neither paid in full nor on account.
    #[error("The order is not paid: {missing} minor units are missing.")]
    NotPaid { missing: Amount },
    /// The order to place breaks a limit.
    #[error(transparent)]
    InvalidOrder(#[from] InvalidOrder),
}

/// Why a well-formed order cannot be placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    #[error("An order has at least one item.")]
    NoItems,
    #[error("An order has at most {ITEMS_MAX} items.")]
    TooManyItems,
    #[error("The total of an order is at most {AMOUNT_MAX} minor units.")]
    TotalTooLarge,
}

impl Explain for InvalidOrder {
    fn in_japanese(&self) -> Cow<'static, str> {
        match self {
            Self::NoItems => "注文には明細が 1 件以上必要です。".into(),
            Self::TooManyItems => format!("注文の明細は {ITEMS_MAX} 件までです。").into(),
            Self::TotalTooLarge => {
                format!("注文の合計は通貨の最小単位で {AMOUNT_MAX} までです。").into()
            }
        }
    }
}

impl OrderRefusal {
    /// The refusal's name, for programs. It never changes.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "order-not-found",
            Self::AlreadyPlaced => "order-already-placed",
            Self::IllegalTransition { action, status } => illegal(*status, *action),
            Self::NotPaid { .. } => "not-paid",
            Self::InvalidOrder(InvalidOrder::NoItems) => "no-items",
            Self::InvalidOrder(InvalidOrder::TooManyItems) => "too-many-items",
            Self::InvalidOrder(InvalidOrder::TotalTooLarge) => "total-too-large",
        }
    }
}

/// What is missing for the action, or else what makes it too late.
fn illegal(status: Status, action: Action) -> &'static str {
    match action.allowed_in.first() {
        Some(first) if status < *first => match first {
            Status::Pending => "not-placed",
            Status::Confirmed => "not-confirmed",
            Status::Shipped => "not-shipped",
            Status::Delivered => "not-delivered",
            Status::Cancelled => "not-cancelled",
        },
        Some(_) | None => match status {
            Status::Pending => "already-pending",
            Status::Confirmed => "already-confirmed",
            Status::Shipped => "already-shipped",
            Status::Delivered => "already-delivered",
            Status::Cancelled => "already-cancelled",
        },
    }
}

/// Names the status, the refused action, and the allowed ones.
fn sentence(status: Status, action: Action) -> String {
    let refused = format!("A {status} order cannot be {}", action.participle);
    let allowed = ACTIONS.iter().filter(|action| action.is_allowed_in(status));
    let allowed: Vec<&str> = allowed.map(|action| action.participle).collect();
    if allowed.is_empty() {
        format!("{refused}; nothing more can be done with it.")
    } else {
        format!("{refused}; it can be {}.", allowed.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{cancel::CANCEL, ship::SHIP},
        *,
    };

    #[test]
    fn the_message_names_the_status_and_the_allowed_actions() {
        let say = |status, action| OrderRefusal::IllegalTransition { action, status }.to_string();
        assert_eq!(
            say(Status::Pending, SHIP),
            "A pending order cannot be shipped; it can be confirmed or cancelled."
        );
        assert_eq!(
            say(Status::Shipped, CANCEL),
            "A shipped order cannot be cancelled; it can be delivered."
        );
        assert_eq!(
            say(Status::Cancelled, CANCEL),
            "A cancelled order cannot be cancelled; nothing more can be done with it."
        );
    }
}
