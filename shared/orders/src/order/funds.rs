//! How an order is paid when it is confirmed or shipped.

use serde::{Serialize, Serializer};

use super::{OrderRefusal, PlacedOrder};
use crate::{Amount, Paid};

/// How an order is paid.
///
/// The payments are another stream. Whoever sends the command reads them first, so the rule is decided on the payments as
/// of that read. A refund that arrives between the read and the commit does not undo the decision: it is a fact like a
/// refund that arrives a moment later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Funds {
    /// The customer has paid this. Only what is in the order's currency counts.
    Paid(Paid),
    /// Staff accepts the order without payment.
    OnAccount,
}

impl Funds {
    /// Whether the order is accepted without payment.
    #[must_use]
    pub fn is_on_account(&self) -> bool {
        match self {
            Self::Paid(_) => false,
            Self::OnAccount => true,
        }
    }

    pub(super) fn is_paid(&self) -> bool {
        !self.is_on_account()
    }

    /// Refuses an order that is neither paid in full nor on account.
    pub(super) fn cover(&self, order: &PlacedOrder) -> Result<(), OrderRefusal> {
        let Self::Paid(paid) = self else { return Ok(()) };
        let missing = order.total_amount.saturating_minus(paid.amount(order.currency));
        if missing == Amount::ZERO || order.on_account {
            return Ok(());
        }
        Err(OrderRefusal::NotPaid { missing })
    }
}

/// The request says only whether the order is on account. What was paid is not part of it: a repeated request is the same
/// one after another payment.
impl Serialize for Funds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.is_on_account())
    }
}
