//! The caller, as the gateway has verified it.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An identity that API Gateway has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The caller signed the request with AWS credentials.
    Iam {
        /// The ARN of the user or assumed role.
        arn: String,
    },
    /// The caller sent a token.
    Jwt {
        /// The subject that it was issued to.
        sub: String,
        /// Its scopes, separated by spaces.
        scopes: String,
    },
}

/// What the gateway's authorizer reports, by its kind.
#[derive(Deserialize)]
pub(crate) struct Authorizer {
    jwt: Option<Jwt>,
    iam: Option<Iam>,
}

#[derive(Deserialize)]
struct Jwt {
    // Any claims, of any type: a claim that nobody reads must not make the event unreadable.
    claims: Option<Map<String, Value>>,
    scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Iam {
    user_arn: Option<String>,
}

impl Authorizer {
    /// The identity, if there is one.
    pub(crate) fn verified(&self) -> Option<Identity> {
        if let Some(jwt) = &self.jwt {
            return jwt.verified();
        }
        let arn = self.iam.as_ref()?.user_arn.as_deref()?;
        Some(Identity::Iam { arn: without_session(arn).to_owned() })
    }
}

impl Jwt {
    fn verified(&self) -> Option<Identity> {
        let claim = |name| self.claims.as_ref()?.get(name)?.as_str();
        let sub = claim("sub")?.to_owned();
        // The gateway lists scopes only where a route requires some. The token's own claim is always there.
        let granted = self.scopes.as_ref().filter(|scopes| !scopes.is_empty());
        let scopes = match granted {
            Some(scopes) => scopes.join(" "),
            None => claim("scope").unwrap_or_default().to_owned(),
        };
        Some(Identity::Jwt { sub, scopes })
    }
}

/// A caller that assumed a role is the role, without the session, which is a task, an instance or a random name: a
/// command that one task sends and another repeats is still the same command.
fn without_session(arn: &str) -> &str {
    match arn.rsplit_once('/') {
        Some((role, _session)) if role.contains(":assumed-role/") => role,
        Some(_) | None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::without_session;

    #[test]
    fn two_sessions_of_one_role_are_one_caller_s5() {
        let role = "arn:aws:sts::123456789012:assumed-role/shop";
        for session in ["task-1", "i-0abc"] {
            assert_eq!(without_session(&format!("{role}/{session}")), role);
        }
        let user = "arn:aws:iam::123456789012:user/path/alice";
        assert_eq!(without_session(user), user);
    }
}
