//! Headers that the edge reads and writes.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};

use dekigoto::{CommandKey, InvalidCommandKey, Text};

use crate::{params::malformed_request, problem::Problem, texts};

/// The client's key of a command, as an HTTP header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks a replayed answer: the command was carried out by an earlier request.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The id of one request: `instance` in problems, and the correlation id of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The strong entity tag of a version, such as `"3"`.
#[must_use]
pub fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The strong entity tag of a body that shows two streams, such as `"3.1"`. 0 is an empty stream.
#[must_use]
pub fn etag_of_two(first: u64, second: u64) -> HeaderValue {
    let tag = HeaderValue::from_str(&format!("\"{first}.{second}\""));
    tag.unwrap_or(HeaderValue::from_static("\"0.0\""))
}

/// The single value of a header; `None` when it is absent.
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
        return Err(malformed_request(texts::header_twice(name)));
    }
    let Some(first) = first else { return Ok(None) };
    let text = first.to_str().map_err(|_| malformed_request(texts::header_not_ascii(name)))?;
    Ok(Some(text))
}

/// Reads the key of a command. Where the client sent none, the layer around every handler has made one.
///
/// API Gateway joins the values of a header that is sent twice with commas. So a comma is no part of a key: otherwise a
/// key that some proxy sends twice would be another key, and the command would take effect once more.
///
/// # Errors
/// A problem when there is more than one key, or when it is not one.
pub(crate) fn command_key(headers: &HeaderMap) -> Result<CommandKey, Problem> {
    let text = only(headers, &IDEMPOTENCY_KEY)?.unwrap_or_default();
    if text.contains(',') {
        return Err(malformed_request(texts::JOINED_KEY));
    }
    let key = text.parse();
    key.map_err(|cause: InvalidCommandKey| {
        malformed_request(Text::about("Idempotency-Key", &cause))
    })
}

pub(crate) fn mark_replayed(response: &mut Response) {
    response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
}
