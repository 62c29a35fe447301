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

/// Every error that the contract knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not JSON, wrong shape, bad id, bad parameter.
    Malformed,
    /// No caller.
    Unauthenticated,
    /// Not this caller.
    Forbidden,
    /// Not there, or another customer's.
    NotFound,
    /// The path knows other methods.
    MethodNotAllowed,
    /// The state forbids the command.
    IllegalTransition,
    /// Others were faster each time.
    VersionConflict,
    /// `If-Match` does not hold.
    PreconditionFailed,
    /// The body is over its limit.
    PayloadTooLarge,
    /// Not JSON by its content type.
    UnsupportedMediaType,
    /// An order breaks a business limit.
    InvalidOrder,
    /// A payment breaks a business limit.
    InvalidPayment,
    /// Same key, other body.
    KeyReused,
    /// Too much at once.
    Throttled,
    /// Down or too slow; the same request with the same key is safe.
    Unavailable,
    /// A bug of ours.
    Internal,
}

impl Kind {
    /// Status, stable code and title.
    #[must_use]
    pub fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, "malformed-request", "The request is malformed")
            }
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Who are you?"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "The path knows other methods",
            ),
            Self::IllegalTransition => {
                (StatusCode::CONFLICT, "illegal-transition", "The state forbids it")
            }
            Self::VersionConflict => {
                (StatusCode::CONFLICT, "version-conflict", "Others were faster")
            }
            Self::PreconditionFailed => {
                (StatusCode::PRECONDITION_FAILED, "precondition-failed", "If-Match does not hold")
            }
            Self::PayloadTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", "The body is too large")
            }
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Only JSON is read")
            }
            Self::InvalidOrder => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-order", "The order breaks a limit")
            }
            Self::InvalidPayment => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-payment", "The payment breaks a limit")
            }
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key-reused",
                "The key was used for another request",
            ),
            Self::Throttled => (StatusCode::TOO_MANY_REQUESTS, "throttled", "Too much at once"),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service is not available")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "A fault of ours"),
        }
    }

    fn asks_to_come_back(self) -> bool {
        matches!(self, Self::VersionConflict | Self::Throttled | Self::Unavailable)
    }
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
        Self::new(
            Kind::NotFound,
            "Nothing by that name is known, or it is not yours. Check the id.",
        )
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
        let (status, code, title) = self.kind.parts();
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
        if self.kind.asks_to_come_back() {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        if self.kind == Kind::Unauthenticated {
            // Whoever signs instead is refused by the gateway, and never hears of this.
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

impl IntoResponse for Problem {
    // The outermost layer knows the request id and writes the body; see `layer`.
    fn into_response(self) -> Response {
        let mut response = self.kind.parts().0.into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
