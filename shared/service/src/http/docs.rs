//! The contract, for tools and for people. Everything is part of the binary: the page asks no other host for anything,
//! and its policy forbids it to try.

use axum::{
    extract::{Path, rejection::PathRejection},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{params::Params, problem::Problem};

/// `infra/openapi.yaml` as JSON; see `build.rs`.
const CONTRACT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

const PAGE: &str = include_str!("docs/page.html");
const PAGE_SCRIPT: &[u8] = include_bytes!("docs/page.js");
const VIEWER_SCRIPT: &[u8] = include_bytes!("docs/viewer.js.gz");
const VIEWER_STYLE: &[u8] = include_bytes!("docs/viewer.css.gz");

/// What the page may load: our own script, style and document. The viewer sets styles from script, and its icons are
/// `data:` images.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The document follows a deployment within minutes; the viewer changes once in months.
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=300");
const LONG: HeaderValue = HeaderValue::from_static("public, max-age=604800");

pub(super) async fn contract(params: Params) -> Result<Response, Problem> {
    params.finish()?;
    Ok(kept(SHORT, "application/json", CONTRACT.as_bytes()))
}

pub(super) async fn page(params: Params) -> Result<Response, Problem> {
    params.finish()?;
    let mut response = kept(SHORT, "text/html; charset=utf-8", PAGE.as_bytes());
    let policy = HeaderValue::from_static(POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

pub(super) async fn asset(
    name: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    // A name that is not even text is none of ours either.
    let name = name.map_or_else(|_| String::new(), |Path(name)| name);
    let script = "text/javascript; charset=utf-8";
    match &*name {
        "page.js" => Ok(kept(LONG, script, PAGE_SCRIPT)),
        "viewer.js" => Ok(compressed(kept(LONG, script, VIEWER_SCRIPT))),
        "viewer.css" => Ok(compressed(kept(LONG, "text/css; charset=utf-8", VIEWER_STYLE))),
        _ => Err(Problem::not_found()),
    }
}

fn kept(how_long: HeaderValue, kind: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, how_long),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, bytes).into_response()
}

/// Also for a client that does not ask for gzip: every browser reads it, and half a megabyte is not stored twice.
fn compressed(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}
