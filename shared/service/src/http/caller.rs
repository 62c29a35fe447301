//! Who is calling, and what they may do.

use dekigoto::limits::METADATA_TEXT_BYTES_MAX;
use orders::CustomerId;

use super::problem::{Kind, Problem};

/// The scope that makes a caller staff.
pub const STAFF_SCOPE: &str = "orders:staff";

/// Who is calling. Set by the function in front of the router, from what the gateway has verified; a request without
/// it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    actor: String,
    role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// A trusted service, or staff: may do everything.
    Trusted,
    /// A customer: places, cancels and reads their own orders.
    Customer(CustomerId),
}

impl Caller {
    /// A trusted service, known by its IAM identity; none when that is empty or too long to be recorded.
    #[must_use]
    pub fn service(actor: &str) -> Option<Self> {
        Self::named(actor, Role::Trusted)
    }

    /// The bearer of a verified token: staff when its scopes say so, else the customer named by `sub`. None when
    /// `sub` cannot be a customer.
    #[must_use]
    pub fn bearer(sub: &str, scopes: &str) -> Option<Self> {
        let role = if scopes.split_whitespace().any(|scope| scope == STAFF_SCOPE) {
            Role::Trusted
        } else {
            Role::Customer(sub.parse().ok()?)
        };
        Self::named(sub, role)
    }

    /// Whoever it is, where nobody is asked: the one-process run and `AuthMode` none.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { actor: "anonymous".to_owned(), role: Role::Trusted }
    }

    fn named(actor: &str, role: Role) -> Option<Self> {
        let is_usable = (1..=METADATA_TEXT_BYTES_MAX).contains(&actor.len());
        is_usable.then(|| Self { actor: actor.to_owned(), role })
    }

    /// The name under which events record the caller.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Refuses customers.
    pub(super) fn must_be_trusted(&self) -> Result<(), Problem> {
        match &self.role {
            Role::Trusted => Ok(()),
            Role::Customer(_) => Err(forbidden("Only staff and services may do this.")),
        }
    }

    /// Refuses customers who act for somebody else.
    pub(super) fn must_be(&self, customer: &CustomerId) -> Result<(), Problem> {
        if self.owns(customer) {
            return Ok(());
        }
        Err(forbidden("You may act only as the customer that your token names."))
    }

    /// Whether what belongs to this customer is the caller's to see.
    pub(super) fn owns(&self, customer: &CustomerId) -> bool {
        self.customer().is_none_or(|own| own == customer)
    }

    /// The customer that the caller is; none for who is trusted.
    pub(super) fn customer(&self) -> Option<&CustomerId> {
        match &self.role {
            Role::Trusted => None,
            Role::Customer(own) => Some(own),
        }
    }
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(Kind::Forbidden, detail)
}
