//! Errors as clients see them: problem details (RFC 9457) with a stable `code`.
//!
//! What the client reads and what the log keeps are different fields, so that no cause leaks into an answer.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dekigoto::Source;
use serde::Serialize;

/// Seconds after which a client that was told to come back may do so.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// One field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// An error answer.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    faults: Vec<FieldFault>,
    cause: Option<Source>,
}

/// A kind of problem: its status, its stable `code` and its title. A service adds kinds of its own with
/// [`Kind::new`]; those that every service can answer are constants.
///
/// ```
/// use dekigoto_http::Kind;
/// const OUT_OF_STOCK: Kind = Kind::new(422, "out-of-stock", "Not enough pieces in stock");
/// assert_eq!(OUT_OF_STOCK.code(), "out-of-stock");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    status: u16,
    code: &'static str,
    title: &'static str,
    asks_to_come_back: bool,
}

impl Kind {
    /// A kind of problem. The code never changes: programs branch on it.
    ///
    /// # Panics
    /// At compile time, when the status is not that of an error.
    #[must_use]
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        assert!(status >= 400 && status <= 599, "a problem has the status of an error");
        Self { status, code, title, asks_to_come_back: false }
    }

    /// The same kind, whose answers carry `Retry-After`.
    #[must_use]
    pub const fn retryable(self) -> Self {
        Self { asks_to_come_back: true, ..self }
    }

    /// The status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The title.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.title
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)+) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Self = $kind;)+

            /// Every kind that the kit answers by itself.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

kinds! {
    /// Not JSON, wrong shape, bad id, bad parameter.
    MALFORMED = Self::new(400, "malformed-request", "The request is malformed");
    /// No caller.
    UNAUTHENTICATED = Self::new(401, "unauthenticated", "Authentication required");
    /// Not this caller.
    FORBIDDEN = Self::new(403, "forbidden", "Not allowed");
    /// Not there, or not the caller's.
    NOT_FOUND = Self::new(404, "not-found", "Not found");
    /// The path has other methods.
    METHOD_NOT_ALLOWED = Self::new(405, "method-not-allowed", "Method not allowed");
    /// The state forbids the command.
    ILLEGAL_TRANSITION = Self::new(409, "illegal-transition", "The current state forbids this");
    /// Other commands on the same stream were faster each time.
    VERSION_CONFLICT = Self::new(409, "version-conflict", "Version conflict").retryable();
    /// `If-Match` does not hold.
    PRECONDITION_FAILED = Self::new(412, "precondition-failed", "If-Match does not hold");
    /// The body is over its limit.
    PAYLOAD_TOO_LARGE = Self::new(413, "payload-too-large", "The body is too large");
    /// Not JSON by its content type.
    UNSUPPORTED_MEDIA_TYPE = Self::new(415, "unsupported-media-type", "Only JSON is accepted");
    /// Same key, other request.
    KEY_REUSED = Self::new(422, "key-reused", "The key was used for another request");
    /// Too many requests.
    THROTTLED = Self::new(429, "throttled", "Too many requests").retryable();
    /// A bug of the service.
    INTERNAL = Self::new(500, "internal", "Internal error");
    /// Down or too slow; sending the same request with the same key is safe.
    UNAVAILABLE = Self::new(503, "unavailable", "Service unavailable").retryable();
}

/// The answer's body, in the order of RFC 9457.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    instance: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldFault],
}

impl Problem {
    /// A problem of that kind, with a sentence that says what happened and what to do.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), cause: None }
    }

    /// Names the fields at fault.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<FieldFault>) -> Self {
        self.faults = faults;
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Source>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Nothing by that name, as far as this caller may know.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NOT_FOUND, "Nothing with this id exists, or it is not yours. Check the id.")
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&Source> {
        self.cause.as_ref()
    }

    /// The answer to the request with that id.
    #[must_use]
    pub fn answer(&self, request_id: &str) -> Response {
        let Kind { code, title, .. } = self.kind;
        let status = self.kind.status();
        let body = Body {
            r#type: format!("urn:dekigoto:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            code,
            instance: request_id,
            errors: &self.faults,
        };
        let json = HeaderValue::from_static("application/problem+json");
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, json)], text).into_response();
        if self.kind.asks_to_come_back {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if self.kind == Kind::UNAUTHENTICATED {
            // Callers who sign their requests are refused by the gateway and never see this answer.
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl IntoResponse for Problem {
    // The outermost layer knows the request id and writes the body; see `layer`.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
