//! What a command carries in its headers.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use dekigoto::{CommandKey, Context, Expect, Fingerprint, Version};
use serde::Serialize;

use super::{
    App,
    caller::Caller,
    layer::RequestId,
    params::Params,
    problem::{Kind, Problem},
};

/// The client's name for a command.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| {
            Problem::new(Kind::Unauthenticated, "The request carries no verified identity.")
        })
    }
}

/// One command's caller, key, precondition and causes.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) key: CommandKey,
    pub(super) expect: Expect,
    request_id: String,
    traceparent: Option<String>,
}

impl FromRequestParts<App> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Params::from_request_parts(parts, app).await?.finish()?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        Ok(Self {
            caller,
            key: key(&parts.headers)?,
            expect: expectation(&parts.headers)?,
            request_id: request_id.map(|id| id.0).unwrap_or_default(),
            traceparent: traceparent(&parts.headers),
        })
    }
}

/// A call of staff or of a service. A customer is refused before anything of the request is read, so the refusal says
/// nothing of what it holds.
pub(super) struct StaffCall(pub(super) Call);

impl FromRequestParts<App> for StaffCall {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, app).await?.must_be_trusted()?;
        Call::from_request_parts(parts, app).await.map(Self)
    }
}

impl Call {
    /// The command's context. `operation` and `body` are what the key stands for.
    pub(super) fn context<T: Serialize>(&self, app: &App, operation: &[&str], body: &T) -> Context {
        let body = serde_json::to_string(body).unwrap_or_default();
        let mut parts = operation.to_vec();
        parts.push(&body);
        Context {
            at: app.host.now(),
            key: self.key.clone(),
            fingerprint: Fingerprint::of(&parts),
            actor: self.caller.actor().to_owned(),
            correlation_id: self.request_id.clone(),
            causation_id: None,
            traceparent: self.traceparent.clone(),
        }
    }

    /// Puts the headers of a command's answer on it.
    pub(super) fn answer(
        &self,
        version: Option<Version>,
        replayed: bool,
        answer: impl IntoResponse,
    ) -> Response {
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        if let Some(version) = version {
            headers.insert(header::ETAG, etag(version.get()));
        }
        if replayed {
            super::layer::mark_replayed(&mut response);
        }
        response
    }
}

/// The entity tag of a version.
pub(super) fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The only value of a header; none when it is absent.
pub(super) fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::new(Kind::Malformed, format!("{name} is given twice.")));
    }
    let Some(first) = first else { return Ok(None) };
    let text = first.to_str().map_err(|_| {
        Problem::new(Kind::Malformed, format!("{name} holds more than visible ASCII."))
    })?;
    Ok(Some(text))
}

/// The key, which the layer around every handler has made where the client gave none.
fn key(headers: &HeaderMap) -> Result<CommandKey, Problem> {
    let text = only(headers, &IDEMPOTENCY_KEY)?.unwrap_or_default().to_owned();
    CommandKey::try_from(text)
        .map_err(|cause| Problem::new(Kind::Malformed, format!("Idempotency-Key: {cause}.")))
}

/// Reads `If-Match`: one strong tag, or `*` for "it exists". A weak tag never matches (RFC 9110, 13.1.1), so it is
/// refused as malformed rather than failing without a word.
fn expectation(headers: &HeaderMap) -> Result<Expect, Problem> {
    let Some(text) = only(headers, &header::IF_MATCH)? else {
        return Ok(Expect::Anything);
    };
    if text == "*" {
        return Ok(Expect::Exists);
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let digits = inner.filter(|inner| inner.bytes().all(|byte| byte.is_ascii_digit()));
    let version = digits.and_then(|digits| digits.parse().ok()).and_then(Version::new);
    version.map(Expect::Version).ok_or_else(|| {
        Problem::new(Kind::Malformed, "If-Match is one version in quotes, such as \"3\", or *.")
    })
}

/// W3C trace context, when it is well-formed; anything else is dropped, never recorded.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-';
    let is_formed =
        lengths == [2, 32, 16, 2] && text.starts_with("00-") && text.bytes().all(is_hex);
    is_formed.then(|| text.to_owned())
}
