//! Reads a request's body, with its size and media type checked.

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
    },
};
use http_body_util::LengthLimitError;

use crate::{
    app::App,
    fields::{Body, parse},
    headers::only,
    limits::BODY_BYTES_MAX,
    params::malformed_request,
    problem::{Kind, Problem},
    texts,
};

/// Extracts a required JSON body.
pub struct Json<T>(pub T);

/// Extracts an optional JSON body. An absent body is `T::default()`.
pub struct OptionalJson<T>(pub T);

impl<T: Body> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return nothing().map(Self);
        }
        must_be_json(&headers)?;
        parse(&bytes).map(Self)
    }
}

/// An absent body is read as an object without fields, so that the answer names the fields that are missing. Its media
/// type does not matter.
fn nothing<T: Body>() -> Result<T, Problem> {
    parse(b"{}").map_err(|problem: Problem| problem.with_detail(texts::NO_BODY))
}

impl<T: Body + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        must_be_json(&headers)?;
        parse(&bytes).map(Self)
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|cause| {
        let is_too_long = std::error::Error::source(&cause)
            .is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if is_too_long {
            let detail = format!("The body is over {BODY_BYTES_MAX} bytes.");
            return Problem::new(Kind::PAYLOAD_TOO_LARGE, detail);
        }
        malformed_request(texts::BROKEN_OFF).with_cause(cause)
    })
}

/// Accepts only uncompressed JSON in UTF-8: a compressed body could expand to any size.
fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    // A repeated or non-ASCII header is ambiguous, so it counts as a wrong one.
    let (kind, encoding) = (only(headers, &CONTENT_TYPE), only(headers, &CONTENT_ENCODING));
    let is_json = kind.is_ok_and(|kind| kind.is_some_and(is_json));
    let is_plain = encoding.is_ok_and(|it| it.is_none_or(|it| is_word(it, "identity")));
    if is_json && is_plain {
        return Ok(());
    }
    let detail = "Send Content-Type: application/json, in UTF-8 and without Content-Encoding.";
    Err(Problem::new(Kind::UNSUPPORTED_MEDIA_TYPE, detail))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';');
    let is_json = parts.next().is_some_and(|it| is_word(it, "application/json"));
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if is_word(name, "charset") => {
            is_word(value.trim().trim_matches('"'), "utf-8")
        }
        Some(_) | None => true,
    };
    is_json && parts.all(is_utf8)
}

fn is_word(text: &str, word: &str) -> bool {
    text.trim().eq_ignore_ascii_case(word)
}
