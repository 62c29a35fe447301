//! One invocation: an HTTP request, with the caller that the gateway has verified.

use std::str::FromStr;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use dekigoto_lambda::{
    gateway::{self, Answer, Invocation},
    identity::Identity,
};
use futures_util::stream;
use lambda_runtime::{Error, LambdaEvent};
use order_service::http::{Caller, Kind, Problem, RequestId};
use serde_json::value::RawValue;
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
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Answer, Error> {
    let Invocation { id, identity, request } = Invocation::read(&event.payload)?;
    let response = match request {
        Ok(request) => {
            let mut request = request.map(streamed);
            if let Some(id) = id {
                request.extensions_mut().insert(RequestId(id));
            }
            if let Some(caller) = mode.caller(identity) {
                request.extensions_mut().insert(caller);
            }
            router.oneshot(request).await?
        }
        Err(_) => {
            let detail =
                "The request holds what HTTP cannot carry in a method, a path or a header.";
            Problem::new(Kind::Malformed, detail).answer(&id.unwrap_or_default())
        }
    };
    let (parts, body) = response.into_parts();
    // Our own answers are bounded by the page limits.
    Ok(Answer::new(&parts, to_bytes(body, usize::MAX).await?.into()))
}

/// The body as the router reads it: one that is not what it claims to be breaks off, and the router says so in its own
/// words.
fn streamed(body: gateway::Body) -> Body {
    match body {
        Ok(bytes) => Body::from(bytes),
        Err(cause) => Body::from_stream(stream::iter([Err::<Vec<u8>, _>(cause)])),
    }
}
