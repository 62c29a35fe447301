//! Who the gateway says is calling.

use lambda_http::{
    aws_lambda_events::apigw::{ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequestContext},
    request::RequestContext,
};

/// An identity that API Gateway has verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The caller signed the request with AWS credentials.
    Iam {
        /// The ARN of the user or assumed role.
        arn: String,
    },
    /// The caller carries a token.
    Jwt {
        /// Who it was issued to.
        sub: String,
        /// Its scopes, separated by spaces.
        scopes: String,
    },
}

/// The request's id and, where there is one, its verified caller.
#[must_use]
pub fn of_request(context: &RequestContext) -> (Option<String>, Option<Identity>) {
    let RequestContext::ApiGatewayV2(ApiGatewayV2httpRequestContext {
        request_id, authorizer, ..
    }) = context
    else {
        return (None, None);
    };
    (request_id.clone(), authorizer.as_ref().and_then(verified))
}

fn verified(authorizer: &ApiGatewayRequestAuthorizer) -> Option<Identity> {
    if let Some(jwt) = &authorizer.jwt {
        let sub = jwt.claims.get("sub")?.clone();
        // The gateway lists scopes only where a route asks for some; the token's own claim is always there.
        let granted = jwt.scopes.as_ref().filter(|scopes| !scopes.is_empty());
        let scopes = granted
            .map(|scopes| scopes.join(" "))
            .or_else(|| jwt.claims.get("scope").cloned())
            .unwrap_or_default();
        return Some(Identity::Jwt { sub, scopes });
    }
    let arn = authorizer.iam.as_ref()?.user_arn.as_deref()?;
    Some(Identity::Iam { arn: without_session(arn).to_owned() })
}

/// A caller in a role is the role. Its session is a task, an instance or a random name: a command that one task sent
/// and another repeats is still the same command.
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
    fn s5_two_sessions_of_one_role_are_one_caller() {
        let role = "arn:aws:sts::123456789012:assumed-role/shop";
        for session in ["task-1", "i-0abc"] {
            assert_eq!(without_session(&format!("{role}/{session}")), role);
        }
        let user = "arn:aws:iam::123456789012:user/path/alice";
        assert_eq!(without_session(user), user);
    }
}
