//! The headers that the edge reads and writes.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};

use crate::problem::{Kind, Problem};

/// The client's name for a command.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks an answer that is the first answer given again.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Names one request: `instance` in problems, and the correlation id of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The entity tag of a version.
#[must_use]
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The only value of a header; `None` when it is absent.
///
/// # Errors
/// A problem when the header is given twice or holds more than visible ASCII.
pub(crate) fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::new(Kind::MALFORMED, format!("{name} is given twice.")));
    }
    let Some(first) = first else { return Ok(None) };
    let text = first.to_str().map_err(|_| {
        Problem::new(Kind::MALFORMED, format!("{name} holds more than visible ASCII."))
    })?;
    Ok(Some(text))
}

/// Marks an answer as the first answer given again.
pub(crate) fn mark_replayed(response: &mut Response) {
    response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
}
