//! Requests and answers of an API Gateway HTTP API, payload format 2.0.
//!
//! Written here, because a crate may change the request: the router must see `..` unresolved, and a body that cannot be
//! decoded is an error of the client, not of the function.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, response};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tracing::warn;

use crate::identity::{Authorizer, Identity};

/// The only payload format that is supported.
const FORMAT: &str = "2.0";

/// An event, with only the fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    version: String,
    raw_path: String,
    // A request without a query or headers may omit these, or set them to null.
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: Option<String>,
    authorizer: Option<Authorizer>,
    http: Http,
}

#[derive(Deserialize)]
struct Http {
    method: String,
}

/// An invocation: the request, and what the gateway reports about it.
#[derive(Debug)]
pub struct Invocation {
    /// The gateway's id of the request.
    pub id: Option<String>,
    /// The caller that the gateway has verified.
    pub identity: Option<Identity>,
    /// The request as the client sent it.
    pub request: Result<http::Request<Body>, NotHttp>,
}

/// A body. Invalid base64 is an error only when the body is read.
pub type Body = Result<Vec<u8>, NotBase64>;

/// The body is marked as base64, but is not valid base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not base64")]
pub struct NotBase64;

/// The method, the URI or a header is not valid in HTTP. The whole request is refused: dropping the header could change
/// its meaning. For example, a command without its key is another command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {0} is not valid in HTTP")]
pub struct NotHttp(&'static str);

impl Invocation {
    /// Parses an invocation's payload.
    ///
    /// # Errors
    /// If it is not an event of an HTTP API. The error is logged, so it contains nothing of the payload.
    pub fn read(payload: &RawValue) -> Result<Self, Error> {
        let event: Event = serde_json::from_str(payload.get()).map_err(|cause| {
            format!(
                "not an event of an HTTP API in payload format {FORMAT} (column {})",
                cause.column()
            )
        })?;
        if event.version != FORMAT {
            return Err(format!("the integration's payload format must be {FORMAT}").into());
        }
        let context = event.request_context;
        let identity = context.authorizer.as_ref().and_then(Authorizer::verified);
        let request = request(
            &context.http.method,
            &uri(&event.raw_path, &event.raw_query_string.unwrap_or_default()),
            &event.headers.unwrap_or_default(),
            body(event.body, event.is_base64_encoded),
        );
        let id = context.request_id;
        if let Err(cause) = &request {
            warn!(request.id = id, %cause, "A request was refused: {cause}");
        }
        Ok(Self { id, identity, request })
    }
}

fn request(
    method: &str,
    uri: &str,
    headers: &BTreeMap<String, String>,
    body: Body,
) -> Result<http::Request<Body>, NotHttp> {
    let mut request = http::Request::new(body);
    *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| NotHttp("method"))?;
    *request.uri_mut() = Uri::try_from(uri).map_err(|_| NotHttp("URI"))?;
    for (name, value) in headers {
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        else {
            return Err(NotHttp("header"));
        };
        // `append` would panic if the map is full.
        request.headers_mut().try_append(name, value).map_err(|_| NotHttp("header"))?;
    }
    Ok(request)
}

fn body(body: Option<String>, is_base64: bool) -> Body {
    let body = body.unwrap_or_default();
    if is_base64 {
        BASE64_STANDARD.decode(body).map_err(|_| NotBase64)
    } else {
        Ok(body.into_bytes())
    }
}

/// Path and query as the client sent them.
///
/// An HTTP API decodes all escapes of a path except `%25`, so the path may contain any character, and is escaped again.
/// Function URLs and some emulators decode nothing, so existing escapes stay unchanged.
fn uri(path: &str, query: &str) -> String {
    let mut uri = String::with_capacity(path.len() + query.len() + 2);
    if !path.starts_with('/') {
        uri.push('/');
    }
    escape(path, &mut uri, |byte| byte != b'?');
    if !query.is_empty() {
        uri.push('?');
        escape(query, &mut uri, |_| true);
    }
    uri
}

/// Copies text, and escapes each byte that is not allowed in this part of a URI.
fn escape(text: &str, uri: &mut String, takes: impl Fn(u8) -> bool) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !br##""#<>\^`{|}"##.contains(&byte) && takes(byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
}

/// The answer to an invocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl Answer {
    /// The answer in the format of the gateway. Text is sent as it is, everything else as base64, which the gateway
    /// decodes.
    #[must_use]
    pub fn new(parts: &response::Parts, body: Vec<u8>) -> Self {
        let (body, is_base64_encoded) = match String::from_utf8(body) {
            Ok(text) => (text, false),
            Err(binary) => (BASE64_STANDARD.encode(binary.as_bytes()), true),
        };
        let (status_code, headers) = (parts.status.as_u16(), joined(&parts.headers));
        Self { status_code, headers, body, is_base64_encoded }
    }
}

/// The format has one value for each name, so repeated headers are joined by commas, as HTTP allows. Cookies would need
/// the separate list of the format, but no route sets one.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|earlier| {
                earlier.push_str(", ");
                earlier.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined
}
