//! The caller that the gateway verified.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An identity that API Gateway verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The caller signed the request with AWS credentials.
    Iam {
        /// The ARN of the user or assumed role.
        arn: String,
    },
    /// The caller sent a token.
    Jwt {
        /// The subject of the token.
        sub: String,
        /// Its scopes, separated by spaces.
        scopes: String,
    },
}

/// The report of the authorizer, by kind.
#[derive(Deserialize)]
pub(crate) struct Authorizer {
    jwt: Option<Jwt>,
    iam: Option<Iam>,
}

#[derive(Deserialize)]
struct Jwt {
    // Claims of any type, because an unused claim must not make the event unreadable.
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
        // The gateway lists scopes only if the route requires some. The claim of the token is always present.
        let granted = self.scopes.as_ref().filter(|scopes| !scopes.is_empty());
        let scopes = match granted {
            Some(scopes) => scopes.join(" "),
            None => claim("scope").unwrap_or_default().to_owned(),
        };
        Some(Identity::Jwt { sub, scopes })
    }
}

/// A caller with an assumed role is identified by the role, without the session name: it differs between tasks and
/// instances, and a command that one task sends and another repeats must be the same command.
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
