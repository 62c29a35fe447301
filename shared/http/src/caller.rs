//! Who is calling, and what they may do.

use std::str::FromStr;

use dekigoto::{SESSION, limits::METADATA_TEXT_BYTES_MAX};

use crate::problem::{Kind, Problem};

/// The id of a resource owner, such as a customer. It is parsed from a token's `sub`.
pub trait Owner: FromStr + PartialEq + Clone + Send + Sync + 'static {}

impl<T: FromStr + PartialEq + Clone + Send + Sync + 'static> Owner for T {}

/// Who is calling. The function in front of the router adds it to the request's extensions, from the identity that the
/// gateway verified. A handler that extracts it answers 401 without one. `O` is the service's owner id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller<O> {
    actor: String,
    session: Option<String>,
    role: Role<O>,
}

/// The longest name of a session that is recorded.
const SESSION_BYTES_MAX: usize = METADATA_TEXT_BYTES_MAX - SESSION.len();

#[derive(Clone, Debug, PartialEq, Eq)]
enum Role<O> {
    /// Staff or a trusted service: may do everything.
    Trusted,
    /// May act only on their own resources.
    Owner(O),
}

impl<O: Owner> Caller<O> {
    /// A trusted service, named by its IAM identity. `None` when the name is empty or too long to be recorded.
    #[must_use]
    pub fn service(actor: &str) -> Option<Self> {
        Self::named(actor, Role::Trusted)
    }

    /// The bearer of a verified token: staff when `scopes` contains `staff_scope`, else the owner in `sub`. `None` when
    /// `sub` is not an owner id.
    #[must_use]
    pub fn bearer(sub: &str, scopes: &str, staff_scope: &str) -> Option<Self> {
        Self::of_token(sub, scopes.split_whitespace().any(|scope| scope == staff_scope))
    }

    /// The bearer of a verified token: staff, or else the owner in `sub`. `None` when `sub` is not an owner id.
    #[must_use]
    pub fn of_token(sub: &str, is_staff: bool) -> Option<Self> {
        let role = if is_staff { Role::Trusted } else { Role::Owner(sub.parse().ok()?) };
        Self::named(sub, role)
    }

    /// A trusted caller without an identity, for deployments without authentication.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { actor: "anonymous".to_owned(), session: None, role: Role::Trusted }
    }

    /// The same caller in a session, which is recorded beside the actor of staff and services: many people may share a
    /// role. A name that is empty, or too long to be recorded, is left out.
    #[must_use]
    pub fn in_session(self, session: Option<&str>) -> Self {
        let usable = session.filter(|it| (1..=SESSION_BYTES_MAX).contains(&it.len()));
        Self { session: usable.map(str::to_owned), ..self }
    }

    fn named(actor: &str, role: Role<O>) -> Option<Self> {
        let is_usable = (1..=METADATA_TEXT_BYTES_MAX).contains(&actor.len());
        is_usable.then(|| Self { actor: actor.to_owned(), session: None, role })
    }

    /// Refuses everybody but staff and trusted services.
    ///
    /// # Errors
    /// A problem of the kind [`Kind::FORBIDDEN`].
    pub fn must_be_trusted(&self) -> Result<(), Problem> {
        match &self.role {
            Role::Trusted => Ok(()),
            Role::Owner(_) => Err(forbidden("Only staff and services may do this.")),
        }
    }

    /// Refuses an owner who acts for another owner. Trusted callers pass.
    ///
    /// # Errors
    /// A problem of the kind [`Kind::FORBIDDEN`].
    pub fn must_be(&self, owner: &O) -> Result<(), Problem> {
        if self.owns(owner) {
            return Ok(());
        }
        Err(forbidden("Your token lets you act only for yourself."))
    }

    /// Whether the caller may see this owner's resources.
    #[must_use]
    pub fn owns(&self, owner: &O) -> bool {
        self.owner().is_none_or(|own| own == owner)
    }
}

impl<O> Caller<O> {
    /// The caller's name in the metadata of events.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The session of staff or of a service. That of an owner is nobody's business.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        match &self.role {
            Role::Trusted => self.session.as_deref(),
            Role::Owner(_) => None,
        }
    }

    /// The owner's id; `None` for staff and services.
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
