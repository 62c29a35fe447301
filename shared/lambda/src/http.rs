//! An HTTP API behind API Gateway. An invocation is one request, and the gateway verifies its caller.

use std::{marker::PhantomData, str::FromStr};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use dekigoto::{Ports, Zone};
use dekigoto_http::{
    App, Caller, Contract, Kind, Language, Owner, Problem, RequestId, Routes, Serves, Service,
};
use futures_util::stream;
use http::{HeaderValue, Uri, header::LOCATION};
use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde_json::value::RawValue;
use tower::ServiceExt as _;

use crate::{
    Config,
    gateway::{self, Answer, Invocation},
    identity::{Identity, Staff},
    spans,
};

/// The setting that names how callers are authenticated. The caller of [`serve`] reads it, with its own settings.
pub const AUTH_MODE: &str = "AUTH_MODE";

/// Serves the routes of a service until Lambda stops it. `O` identifies the owner of a resource.
///
/// A token with the scope `staff_scope` makes its bearer staff; the settings `STAFF_CLAIM` and `STAFF_SCOPE` name another
/// claim and value. `SESSION_CLAIM` names the claim with the session of staff, which is recorded beside the actor, by default
/// `jti`. `BASE_PATH` is what the gateway puts in front of every path, and `TIME_ZONE` the business time zone, by
/// default UTC.
///
/// # Errors
/// When a setting is invalid.
pub async fn serve<O: Owner, E: Serves>(
    config: Config,
    service: &Service<E>,
    contract: &'static Contract,
    staff_scope: &'static str,
    ports: Ports,
) -> Result<(), Error> {
    let config = config
        .with_default("STAFF_CLAIM", "scope")
        .with_default("STAFF_SCOPE", staff_scope)
        .with_default("SESSION_CLAIM", "jti")
        .with_default("BASE_PATH", "")
        .with_default("TIME_ZONE", "UTC");
    let mode = config.parsed(AUTH_MODE)?;
    let zone = Zone::of_system(config.text("TIME_ZONE"))?;
    let router = Routes::of(service, contract).router(App::new(ports).in_zone(zone));
    let staff = Staff::new(config.text("STAFF_CLAIM"), config.text("STAFF_SCOPE"))
        .with_session_claim(config.text("SESSION_CLAIM"));
    let api = HttpApi::<O>::new(router, mode, staff).behind(config.text("BASE_PATH"));
    run_concurrent(service_fn(move |event| api.clone().handle(event))).await
}

/// How callers are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Requests are signed by trusted services.
    Iam,
    /// Requests carry a token.
    Jwt,
    /// No identity is required. For local use.
    None,
}

/// Unknown mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AUTH_MODE must be iam, jwt or none")]
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
    /// The caller, if the gateway verified one as the mode requires. The handler does not rely on the configuration of
    /// the route: without an identity there is no caller, and the router refuses the request.
    fn caller<O: Owner>(self, identity: Option<Identity>, staff: &Staff) -> Option<Caller<O>> {
        match (self, identity) {
            (Self::None, _) => Some(Caller::anonymous()),
            (Self::Iam, Some(Identity::Iam { arn, session })) => {
                Caller::service(&arn).map(|caller| caller.in_session(session.as_deref()))
            }
            (Self::Jwt, Some(Identity::Jwt { sub, claims })) => {
                let caller = Caller::of_token(&sub, staff.is_shown_by(&claims))?;
                if caller.owner().is_some() {
                    return Some(caller);
                }
                // Staff acts for others, so each action must lead to one token.
                let sessions = staff.sessions_in(&claims);
                let in_session = |session: String| caller.clone().in_session(Some(&session));
                sessions.map(in_session).find(|caller| caller.session().is_some())
            }
            (Self::Iam | Self::Jwt, _) => None,
        }
    }
}

/// An HTTP API: its router, and how callers authenticate. `O` identifies the owner of a resource.
#[derive(Clone)]
pub struct HttpApi<O> {
    router: Router,
    mode: AuthMode,
    staff: Staff,
    base_path: String,
    owner: PhantomData<fn() -> O>,
}

impl<O: Owner> HttpApi<O> {
    /// An API. In the mode [`AuthMode::Jwt`], `staff` says which tokens make their bearers staff.
    #[must_use]
    pub fn new(router: Router, mode: AuthMode, staff: Staff) -> Self {
        Self { router, mode, staff, base_path: String::new(), owner: PhantomData }
    }

    /// The same API behind a path that the gateway puts in front of all paths: a stage's name, or the base path of a
    /// custom domain, such as `/shop`. Requests lose it, and `Location` gets it.
    #[must_use]
    pub fn behind(self, base_path: &str) -> Self {
        let inner = base_path.trim_matches('/');
        let base_path = if inner.is_empty() { String::new() } else { format!("/{inner}") };
        Self { base_path, ..self }
    }

    /// Answers one request.
    ///
    /// # Errors
    /// If the payload is not an event of API Gateway.
    pub async fn handle(self, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, Error> {
        spans::around(self.answer(event)).await
    }

    async fn answer(self, event: LambdaEvent<Box<RawValue>>) -> Result<Answer, Error> {
        let Invocation { id, identity, request } = Invocation::read(&event.payload)?;
        let response = match request {
            Ok(request) => {
                let mut request = request.map(streamed);
                if let Some(inner) = without(&self.base_path, request.uri()) {
                    *request.uri_mut() = inner;
                }
                if let Some(id) = id {
                    request.extensions_mut().insert(RequestId(id));
                }
                if let Some(caller) = self.mode.caller::<O>(identity, &self.staff) {
                    request.extensions_mut().insert(caller);
                }
                self.router.oneshot(request).await?
            }
            Err(_) => {
                let detail =
                    "The method, the path or a header of the request is not valid in HTTP.";
                Problem::new(Kind::MALFORMED, detail)
                    // Its headers cannot be read.
                    .answer(&id.unwrap_or_default(), Language::default())
            }
        };
        let (mut parts, body) = response.into_parts();
        if let Some(location) = parts.headers.get_mut(LOCATION)
            && let Some(outer) = behind(&self.base_path, location)
        {
            *location = outer;
        }
        // Our own answers are bounded by the page limits.
        Ok(Answer::new(&parts, to_bytes(body, usize::MAX).await?.into()))
    }
}

/// The URI without the base path. `None` if it does not begin with it.
fn without(base_path: &str, uri: &Uri) -> Option<Uri> {
    if base_path.is_empty() {
        return None;
    }
    let inner = uri.path_and_query()?.as_str().strip_prefix(base_path)?;
    match inner.as_bytes().first() {
        Some(b'/') => inner.parse().ok(),
        None | Some(b'?') => format!("/{inner}").parse().ok(),
        Some(_) => None,
    }
}

/// A path of this API as clients see it.
fn behind(base_path: &str, location: &HeaderValue) -> Option<HeaderValue> {
    let path = location.to_str().ok().filter(|it| it.starts_with('/'))?;
    HeaderValue::from_str(&format!("{base_path}{path}")).ok()
}

/// The body as a stream. Invalid base64 is an error of the stream, which the router handles as an unreadable body.
fn streamed(body: gateway::Body) -> Body {
    match body {
        Ok(bytes) => Body::from(bytes),
        Err(cause) => Body::from_stream(stream::iter([Err::<Vec<u8>, _>(cause)])),
    }
}
