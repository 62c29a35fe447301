//! Errors as clients see them: problem details (RFC 9457) with a stable `code`.
//!
//! The client's text and the log's cause are different fields, so that no cause leaks into an answer.

use std::{borrow::Cow, fmt};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use dekigoto::{Explain as _, Source, Text};
use serde::Serialize;

use crate::language::Language;

/// How long a client should wait before it sends a retryable request again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A field or parameter at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// What is at fault.
    pub subject: Subject,
    /// What is wrong with it.
    pub detail: Text,
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
    /// Boxed, because a `Result` is as large as its error.
    what: Box<What>,
}

/// What one problem is about.
#[derive(Debug)]
struct What {
    detail: Detail,
    faults: Vec<FieldFault>,
    cause: Option<Source>,
}

/// What happened and what to do.
#[derive(Debug)]
enum Detail {
    /// In English. In Japanese, the kind says it.
    OfKind(String),
    /// In both languages.
    Told(Text),
}

impl Detail {
    fn in_english(&self) -> String {
        match self {
            Self::OfKind(english) => english.clone(),
            Self::Told(text) => text.to_string(),
        }
    }
}

/// What a kind of problem says in Japanese, to clients that prefer it. The detail is that of every problem of its kind: it
/// says what happened and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Japanese {
    /// The title.
    pub title: &'static str,
    /// The detail.
    pub detail: &'static str,
}

/// A kind of problem: its status, stable `code`, and title in English and in Japanese. The kinds that every service needs
/// are constants; a service adds its own with [`Kind::new`].
///
/// ```
/// use dekigoto_http::{Japanese, Kind};
/// const OUT_OF_STOCK: Kind = Kind::new(
///     422,
///     "out-of-stock",
///     "Not enough pieces in stock",
///     Japanese { title: "在庫が足りません", detail: "数量を減らして、もう一度送ってください。" },
/// );
/// assert_eq!(OUT_OF_STOCK.code(), "out-of-stock");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    status: u16,
    /// The last part of `type`.
    family: &'static str,
    code: &'static str,
    title: &'static str,
    japanese: Japanese,
    retryable: bool,
}

impl Kind {
    /// A kind of problem. Never change its code: clients branch on it.
    ///
    /// # Panics
    /// When the status is not 400 to 599, or a text is empty. In a constant, this is a compile error.
    #[must_use]
    pub const fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        japanese: Japanese,
    ) -> Self {
        assert!(status >= 400 && status <= 599, "a problem has the status of an error");
        let is_written =
            !(title.is_empty() | japanese.title.is_empty() | japanese.detail.is_empty());
        assert!(is_written, "a problem has a title and a detail in both languages");
        Self { status, family: code, code, title, japanese, retryable: false }
    }

    /// A special case of this kind: `type` and title stay, `code` says exactly what happened, and `detail` says it in
    /// Japanese.
    ///
    /// ```
    /// use dekigoto_http::Kind;
    /// const SOLD: Kind = Kind::ILLEGAL_TRANSITION.with_code("already-sold", "すでに売れています。");
    /// assert_eq!((SOLD.family(), SOLD.code()), ("illegal-transition", "already-sold"));
    /// ```
    ///
    /// # Panics
    /// When the detail is empty. In a constant, this is a compile error.
    #[must_use]
    pub const fn with_code(self, code: &'static str, detail: &'static str) -> Self {
        assert!(!detail.is_empty(), "a problem has a detail in both languages");
        Self { code, japanese: Japanese { detail, ..self.japanese }, ..self }
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

    /// What it says in Japanese.
    #[must_use]
    pub fn japanese(self) -> Japanese {
        self.japanese
    }
}

/// The body of the answer, with members in the order of RFC 9457.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: Cow<'a, str>,
    code: &'static str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<BodyFault<'a>>,
}

/// A fault in the body of the answer.
#[derive(Serialize)]
struct BodyFault<'a> {
    #[serde(flatten)]
    subject: &'a Subject,
    detail: Cow<'static, str>,
}

/// A text in one of its languages.
fn said(text: &Text, language: Language) -> Cow<'static, str> {
    match language {
        Language::English => text.to_string().into(),
        Language::Japanese => text.in_japanese(),
    }
}

impl Problem {
    /// A problem of this kind. `detail` says in a sentence what happened and what to do; in Japanese, the kind says it.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self::with(kind, Detail::OfKind(detail.into()))
    }

    /// A problem of this kind that says in both languages what happened and what to do.
    ///
    /// ```
    /// use dekigoto::Text;
    /// use dekigoto_http::{Kind, Problem};
    /// const BOTH: Text = Text::new("Name a shelf or a room.", "shelf か room のどちらかを指定してください。");
    /// assert_eq!(Problem::told(Kind::MALFORMED, BOTH).kind(), Kind::MALFORMED);
    /// ```
    #[must_use]
    pub fn told(kind: Kind, detail: Text) -> Self {
        Self::with(kind, Detail::Told(detail))
    }

    fn with(kind: Kind, detail: Detail) -> Self {
        Self { kind, what: Box::new(What { detail, faults: Vec::new(), cause: None }) }
    }

    /// Lists the fields at fault, as `errors`.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<FieldFault>) -> Self {
        self.what.faults = faults;
        self
    }

    /// The same problem with another detail.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: Text) -> Self {
        self.what.detail = Detail::Told(detail);
        self
    }

    /// Adds the cause, for the log only.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Source>) -> Self {
        self.what.cause = Some(cause.into());
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
        self.what.cause.as_ref()
    }

    /// The response to the request with this id, in the language that its client prefers.
    #[must_use]
    pub fn answer(&self, request_id: &str, language: Language) -> Response {
        let Kind { family, code, title, japanese, .. } = self.kind;
        let status = self.kind.status();
        let (title, detail) = match language {
            Language::English => (title, Cow::from(self.what.detail.in_english())),
            Language::Japanese => (japanese.title, self.in_japanese()),
        };
        let errors = self.what.faults.iter();
        let body = Body {
            r#type: format!("urn:dekigoto:problem:{family}"),
            title,
            status: status.as_u16(),
            detail,
            code,
            instance: request_id,
            errors: errors
                .map(|it| BodyFault { subject: &it.subject, detail: said(&it.detail, language) })
                .collect(),
        };
        let json = HeaderValue::from_static("application/problem+json");
        let text = serde_json::to_string(&body).unwrap_or_default();
        let headers = [
            (header::CONTENT_TYPE, json),
            (header::CONTENT_LANGUAGE, language.tag()),
            (header::VARY, HeaderValue::from_static("accept-language")),
        ];
        let mut response = (status, headers, text).into_response();
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

impl Problem {
    /// The detail in Japanese. What only the kind says names the fields in brackets, or else the malformed part in English.
    fn in_japanese(&self) -> Cow<'_, str> {
        let english = match &self.what.detail {
            Detail::Told(text) => return text.in_japanese(),
            Detail::OfKind(english) => english,
        };
        let detail = self.kind.japanese.detail;
        let subjects: Vec<_> = self.what.faults.iter().map(|it| it.subject.to_string()).collect();
        if !subjects.is_empty() {
            format!("{detail}（{}）", subjects.join("、")).into()
        } else if self.kind == Kind::MALFORMED {
            format!("{detail}（{english}）").into()
        } else {
            detail.into()
        }
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
