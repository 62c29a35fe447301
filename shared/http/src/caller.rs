//! Who is calling, and what they may do.

use std::str::FromStr;

use dekigoto::limits::METADATA_TEXT_BYTES_MAX;

use crate::problem::{Kind, Problem};

/// Names the owner of things, such as a customer's id: what a token's `sub` is read as.
pub trait Owner: FromStr + PartialEq + Clone + Send + Sync + 'static {}

impl<T: FromStr + PartialEq + Clone + Send + Sync + 'static> Owner for T {}

/// Who is calling. The function in front of the router sets it, from the identity that the gateway has verified; a request
/// without it is refused. `O` names the owners of the service's things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller<O> {
    actor: String,
    role: Role<O>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Role<O> {
    /// A trusted service, or staff: may do everything.
    Trusted,
    /// An owner: acts only on their own things.
    Owner(O),
}

impl<O: Owner> Caller<O> {
    /// A trusted service, known by its IAM identity; `None` when that is empty or too long to be recorded.
    #[must_use]
    pub fn service(actor: &str) -> Option<Self> {
        Self::named(actor, Role::Trusted)
    }

    /// The bearer of a verified token: staff when its scopes hold `staff_scope`, else the owner named by `sub`. `None`
    /// when `sub` names no owner.
    #[must_use]
    pub fn bearer(sub: &str, scopes: &str, staff_scope: &str) -> Option<Self> {
        let role = if scopes.split_whitespace().any(|scope| scope == staff_scope) {
            Role::Trusted
        } else {
            Role::Owner(sub.parse().ok()?)
        };
        Self::named(sub, role)
    }

    /// Any caller, where no identity is required: the one-process run and `AuthMode` none.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { actor: "anonymous".to_owned(), role: Role::Trusted }
    }

    fn named(actor: &str, role: Role<O>) -> Option<Self> {
        let is_usable = (1..=METADATA_TEXT_BYTES_MAX).contains(&actor.len());
        is_usable.then(|| Self { actor: actor.to_owned(), role })
    }

    /// Refuses owners.
    ///
    /// # Errors
    /// A problem of the kind [`Kind::FORBIDDEN`].
    pub fn must_be_trusted(&self) -> Result<(), Problem> {
        match &self.role {
            Role::Trusted => Ok(()),
            Role::Owner(_) => Err(forbidden("Only staff and services may do this.")),
        }
    }

    /// Refuses an owner who acts for somebody else.
    ///
    /// # Errors
    /// A problem of the kind [`Kind::FORBIDDEN`].
    pub fn must_be(&self, owner: &O) -> Result<(), Problem> {
        if self.owns(owner) {
            return Ok(());
        }
        Err(forbidden("Your token lets you act only for yourself."))
    }

    /// Whether the caller may see what belongs to this owner.
    #[must_use]
    pub fn owns(&self, owner: &O) -> bool {
        self.owner().is_none_or(|own| own == owner)
    }
}

impl<O> Caller<O> {
    /// The name under which events record the caller.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The owner that the caller is; `None` for staff and services.
    #[must_use]
    pub fn owner(&self) -> Option<&O> {
        match &self.role {
            Role::Trusted => None,
            Role::Owner(own) => Some(own),
        }
    }
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(Kind::FORBIDDEN, detail)
}
