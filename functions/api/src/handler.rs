//! One invocation: an HTTP request, with the caller that the gateway has verified.

use std::str::FromStr;

use axum::{Router, body::to_bytes};
use dekigoto_lambda::identity::{Identity, of_request};
use lambda_http::{Body, Error, Request, RequestExt as _, Response};
use order_service::http::{Caller, RequestId};
use tower::ServiceExt as _;

/// How callers are known: the template's parameter of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Requests are signed by trusted services.
    Iam,
    /// Requests carry a token.
    Jwt,
    /// Nobody is asked. For local use.
    None,
}

/// No mode has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AUTH_MODE is iam, jwt or none")]
pub struct UnknownAuthMode;

impl FromStr for AuthMode {
    type Err = UnknownAuthMode;

    fn from_str(name: &str) -> Result<Self, UnknownAuthMode> {
        match name {
            "iam" => Ok(Self::Iam),
            "jwt" => Ok(Self::Jwt),
            "none" => Ok(Self::None),
            _ => Err(UnknownAuthMode),
        }
    }
}

impl AuthMode {
    /// The caller, if the gateway has verified one in the way that this mode asks for. The handler does not trust that
    /// a route was configured right: without an identity there is no caller, and the router refuses.
    fn caller(self, identity: Option<Identity>) -> Option<Caller> {
        match (self, identity) {
            (Self::None, _) => Some(Caller::anonymous()),
            (Self::Iam, Some(Identity::Iam { arn })) => Caller::service(&arn),
            (Self::Jwt, Some(Identity::Jwt { sub, scopes })) => Caller::bearer(&sub, &scopes),
            (Self::Iam | Self::Jwt, _) => None,
        }
    }
}

/// Answers one request.
pub async fn handle(
    router: Router,
    mode: AuthMode,
    request: Request,
) -> Result<Response<Body>, Error> {
    let (id, identity) = request.request_context_ref().map(of_request).unwrap_or_default();
    let (parts, body) = request.into_parts();
    let mut request =
        axum::extract::Request::from_parts(parts, axum::body::Body::from(body.to_vec()));
    if let Some(id) = id {
        request.extensions_mut().insert(RequestId(id));
    }
    if let Some(caller) = mode.caller(identity) {
        request.extensions_mut().insert(caller);
    }
    let (parts, body) = router.oneshot(request).await?.into_parts();
    // Our own answers are bounded by the page limits.
    let bytes = to_bytes(body, usize::MAX).await?;
    let body = match String::from_utf8(bytes.into()) {
        Ok(text) => Body::from(text),
        Err(binary) => Body::from(binary.into_bytes()),
    };
    Ok(Response::from_parts(parts, body))
}
