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
    let arn = authorizer.iam.as_ref()?.user_arn.clone()?;
    Some(Identity::Iam { arn })
}
