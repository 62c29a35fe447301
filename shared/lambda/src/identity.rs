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
        /// The session of an assumed role: who, or which task, has it.
        session: Option<String>,
    },
    /// The caller sent a token.
    Jwt {
        /// The subject of the token.
        sub: String,
        /// What the token says of it.
        claims: Claims,
    },
}

/// The claims of a verified token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    all: Map<String, Value>,
    /// The scopes of the token, which the gateway lists only if the route requires some.
    scopes: Vec<String>,
}

impl Claims {
    /// The values of a claim that lists what is granted. Issuers write such lists as text with spaces (`scope`) or as
    /// JSON (`scp`, `permissions`, `cognito:groups`); API Gateway turns JSON lists into text in brackets.
    #[must_use]
    pub fn granted(&self, claim: &str) -> Vec<&str> {
        let listed = match self.all.get(claim) {
            Some(Value::String(text)) => {
                let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
                inner.unwrap_or(text).split_whitespace().collect()
            }
            Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        };
        let scopes = self.scopes.iter().filter(|_| ["scope", "scp"].contains(&claim));
        listed.into_iter().chain(scopes.map(String::as_str)).collect()
    }
}

/// How a token shows that its bearer is staff: the claim, and the value that it contains. Another claim names the session,
/// which is recorded beside the actor of staff: by default `jti`, the token's own id. A token without that claim has the
/// session `jti`, or else `iat`, the moment of its issue. A token of staff that has none of them is not accepted: nobody
/// could say later from which token an action came.
///
/// ```
/// # use dekigoto_lambda::identity::Staff;
/// let usual = Staff::new("scope", "orders:staff");
/// let cognito = Staff::new("scope", "orders/staff");
/// let auth0 = Staff::new("permissions", "orders:staff");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    claim: String,
    value: String,
    session_claim: String,
}

impl Staff {
    /// Tokens whose `claim` contains `value`.
    #[must_use]
    pub fn new(claim: impl Into<String>, value: impl Into<String>) -> Self {
        Self { claim: claim.into(), value: value.into(), session_claim: "jti".to_owned() }
    }

    /// The same, where another claim names the session, such as `sid` or `session_id`.
    #[must_use]
    pub fn with_session_claim(self, claim: impl Into<String>) -> Self {
        Self { session_claim: claim.into(), ..self }
    }

    /// What may name the session of a token, the best first.
    pub(crate) fn sessions_in(&self, claims: &Claims) -> impl Iterator<Item = String> {
        let text = |claim: &str| claims.all.get(claim)?.as_str().map(str::to_owned);
        // API Gateway passes numbers on as text.
        let issued = claims.all.get("iat").and_then(|at| match at {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(format!("issued {text}")),
            Value::Number(number) => Some(format!("issued {number}")),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        });
        [text(&self.session_claim), text("jti"), issued].into_iter().flatten()
    }

    pub(crate) fn is_shown_by(&self, claims: &Claims) -> bool {
        claims.granted(&self.claim).contains(&&*self.value)
    }
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
        let (arn, session) = without_session(arn);
        Some(Identity::Iam { arn: arn.to_owned(), session: session.map(str::to_owned) })
    }
}

impl Jwt {
    fn verified(&self) -> Option<Identity> {
        let all = self.claims.clone()?;
        let sub = all.get("sub")?.as_str()?.to_owned();
        let claims = Claims { all, scopes: self.scopes.clone().unwrap_or_default() };
        Some(Identity::Jwt { sub, claims })
    }
}

/// A caller with an assumed role is identified by the role, without the session name: it differs between tasks and
/// instances, and a command that one task sends and another repeats must be the same command.
fn without_session(arn: &str) -> (&str, Option<&str>) {
    match arn.rsplit_once('/') {
        Some((role, session)) if role.contains(":assumed-role/") => (role, Some(session)),
        Some(_) | None => (arn, None),
    }
}

#[cfg(test)]
mod tests {
    use super::without_session;

    #[test]
    fn two_sessions_of_one_role_are_one_caller_s5() {
        let role = "arn:aws:sts::123456789012:assumed-role/shop";
        for session in ["task-1", "i-0abc"] {
            let arn = format!("{role}/{session}");
            assert_eq!(without_session(&arn), (role, Some(session)));
        }
        let user = "arn:aws:iam::123456789012:user/path/alice";
        assert_eq!(without_session(user), (user, None));
    }
}
