//! Errors as clients see them: problem details (RFC 9457) with a stable `code`.
//!
//! The client's text and the log's cause are different fields, so that no cause leaks into an answer.

use std::fmt;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dekigoto::Source;
use serde::Serialize;

/// How long a client should wait before it sends a retryable request again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A field or parameter at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// What is at fault.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is wrong with it.
    pub detail: String,
}

/// What a fault is about. In JSON, the member `pointer` or `parameter`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A field of the body, as a JSON pointer (RFC 6901). The empty pointer is the whole body.
    Pointer(String),
    /// A query parameter, by its name.
    Parameter(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pointer(pointer) => f.write_str(pointer),
            Self::Parameter(name) => write!(f, "?{name}"),
        }
    }
}

/// An error answer, and its private cause for the log.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    faults: Vec<FieldFault>,
    cause: Option<Source>,
}

/// A kind of problem: its status, stable `code` and title. The kinds that every service needs are constants; a service
/// adds its own with [`Kind::new`].
///
/// ```
/// use dekigoto_http::Kind;
/// const OUT_OF_STOCK: Kind = Kind::new(422, "out-of-stock", "Not enough pieces in stock");
/// assert_eq!(OUT_OF_STOCK.code(), "out-of-stock");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    status: u16,
    /// The last part of `type`.
    family: &'static str,
    code: &'static str,
    title: &'static str,
    retryable: bool,
}

impl Kind {
    /// A kind of problem. Never change its code: clients branch on it.
    ///
    /// # Panics
    /// When the status is not 400 to 599. In a constant, this is a compile error.
    #[must_use]
    pub const fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        assert!(status >= 400 && status <= 599, "a problem has the status of an error");
        Self { status, family: code, code, title, retryable: false }
    }

    /// A special case of this kind: `type` and title stay, and `code` says exactly what happened.
    ///
    /// ```
    /// use dekigoto_http::Kind;
    /// const SOLD: Kind = Kind::ILLEGAL_TRANSITION.with_code("already-sold");
    /// assert_eq!((SOLD.family(), SOLD.code()), ("illegal-transition", "already-sold"));
    /// ```
    #[must_use]
    pub const fn with_code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Makes answers of this kind carry `Retry-After`.
    #[must_use]
    pub const fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The stable code that clients branch on.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// The kind that this one is a special case of; its own code if it is none. `type` ends in it.
    #[must_use]
    pub fn family(self) -> &'static str {
        self.family
    }

    /// The title: the same text for every problem of this kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.title
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:expr;)+) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Self = $kind;)+

            /// Every kind that the edge defines.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

kinds! {
    /// The body, a header, an id or a parameter is malformed.
    MALFORMED = Self::new(400, "malformed-request", "The request is malformed");
    /// The request has no verified identity.
    UNAUTHENTICATED = Self::new(401, "unauthenticated", "Authentication required");
    /// This caller may not do this.
    FORBIDDEN = Self::new(403, "forbidden", "Not allowed");
    /// It does not exist, or is not the caller's.
    NOT_FOUND = Self::new(404, "not-found", "Not found");
    /// The path exists, but not with this method.
    METHOD_NOT_ALLOWED = Self::new(405, "method-not-allowed", "Method not allowed");
    /// The aggregate's state forbids the command.
    ILLEGAL_TRANSITION = Self::new(409, "illegal-transition", "The current state forbids this");
    /// Other commands on the same stream won every attempt.
    VERSION_CONFLICT = Self::new(409, "version-conflict", "Version conflict").retryable();
    /// `If-Match` or `If-None-Match` does not hold.
    PRECONDITION_FAILED = Self::new(412, "precondition-failed", "The precondition does not hold");
    /// The body or its events exceed a size limit.
    PAYLOAD_TOO_LARGE = Self::new(413, "payload-too-large", "The body is too large");
    /// The content type is not plain JSON in UTF-8.
    UNSUPPORTED_MEDIA_TYPE = Self::new(415, "unsupported-media-type", "Only JSON is accepted");
    /// The same command key came with another request.
    KEY_REUSED = Self::new(422, "key-reused", "The key was used for another request");
    /// Too many requests.
    THROTTLED = Self::new(429, "throttled", "Too many requests").retryable();
    /// A bug, or stored data that cannot be read.
    INTERNAL = Self::new(500, "internal", "Internal error");
    /// A store is down or too slow. Sending the same request with the same key again is safe.
    UNAVAILABLE = Self::new(503, "unavailable", "Service unavailable").retryable();
}

/// The body of the answer, with members in the order of RFC 9457.
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
    /// A problem of this kind. `detail` says in a sentence what happened and what to do.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), cause: None }
    }

    /// Lists the fields at fault, as `errors`.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<FieldFault>) -> Self {
        self.faults = faults;
        self
    }

    /// The same problem with another detail.
    #[must_use]
    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Adds the cause, for the log only.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Source>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Answers the same whether the resource does not exist or is not the caller's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NOT_FOUND, "Nothing with this id exists, or it is not yours. Check the id.")
    }

    /// The kind of problem.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The private cause.
    #[must_use]
    pub fn cause(&self) -> Option<&Source> {
        self.cause.as_ref()
    }

    /// The response to the request with this id.
    #[must_use]
    pub fn answer(&self, request_id: &str) -> Response {
        let Kind { family, code, title, .. } = self.kind;
        let status = self.kind.status();
        let body = Body {
            r#type: format!("urn:dekigoto:problem:{family}"),
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
        if self.kind.retryable {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if self.kind == Kind::UNAUTHENTICATED {
            // The gateway refuses callers with bad IAM signatures, so only bearers of tokens see this answer.
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl IntoResponse for Problem {
    // Leaves the body to the outermost layer, which knows the request id; see `layer`.
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
