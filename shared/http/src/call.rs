//! The parts of a command's request besides its body: caller, key, precondition and trace.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use dekigoto::{Aggregate, Answer, CommandError, CommandKey, Context, Expect, SESSION, Version};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    app::App,
    caller::{Caller, Owner},
    causes::of_command,
    condition::{Condition, Part},
    headers::{RequestId, command_key, etag, mark_replayed},
    params::Params,
    problem::{Kind, Problem},
};

impl<O: Owner> FromRequestParts<App> for Caller<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| {
            Problem::new(Kind::UNAUTHENTICATED, "The request carries no verified identity.")
        })
    }
}

/// The caller, key, precondition and trace of one command. An axum extractor.
pub struct Call<O> {
    /// Who sent the command.
    pub caller: Caller<O>,
    /// The client's `Idempotency-Key`, or the one that the edge generated.
    pub key: CommandKey,
    /// The precondition (`If-Match`, `If-None-Match: *`), for a resource that shows one stream.
    pub expect: Expect,
    condition: Condition,
    request_id: String,
    traceparent: Option<String>,
}

impl<O: Owner> FromRequestParts<App> for Call<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Params::from_request_parts(parts, app).await?.finish()?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let key = command_key(&parts.headers)?;
        let condition = Condition::read(&parts.headers)?;
        Ok(Self {
            caller,
            key,
            expect: condition.alone(),
            condition,
            request_id: request_id.map(|id| id.0).unwrap_or_default(),
            traceparent: traceparent(&parts.headers),
        })
    }
}

/// The body of the usual answer to a command.
#[derive(Serialize)]
struct Done {
    id: String,
    version: Option<Version>,
}

/// A [`Call`] by staff or a trusted service. Other callers get 403 before the rest of the request is parsed, so the
/// answer reveals nothing about it.
pub struct StaffCall<O>(pub Call<O>);

impl<O: Owner> FromRequestParts<App> for StaffCall<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Caller::<O>::from_request_parts(parts, app).await?.must_be_trusted()?;
        Call::from_request_parts(parts, app).await.map(Self)
    }
}

impl<O> Call<O> {
    /// The command's context, with the current time.
    #[must_use]
    pub fn context(&self, app: &App) -> Context {
        Context {
            at: app.ports().host.now(),
            key: self.key.clone(),
            actor: self.caller.actor().to_owned(),
            correlation_id: self.request_id.clone(),
            causation_id: self.caller.session().map(|session| format!("{SESSION}{session}")),
            traceparent: self.traceparent.clone(),
        }
    }

    /// Whether the precondition names two streams, so that both must be read.
    #[must_use]
    pub fn names_two_streams(&self) -> bool {
        matches!(self.condition, Condition::Two(..))
    }

    /// The precondition for a resource whose tag has two parts (see [`etag_of_two`](crate::etag_of_two)). `own` is the part
    /// of the stream that the command changes: it is checked atomically with the write. `other` is the version of the
    /// other stream as it was read for the decision; 0 if it is empty. A tag of one part is about the own stream.
    #[must_use]
    pub fn expect_beside(&self, own: Part, other: u64) -> Expect {
        self.condition.beside(own, other)
    }

    /// The id of a new aggregate. It derives from caller and key, so a repeated command finds its own first commit.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let name = format!("{}\n{}", self.caller.actor(), self.key);
        Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
    }

    /// The usual answer to a command: `{"id": …, "version": …}` with the headers of [`answer`](Self::answer).
    ///
    /// # Errors
    /// The problem of a failed command. `refused` turns the domain's refusal into a problem.
    pub fn done<A: Aggregate>(
        &self,
        id: &A::Id,
        answer: Result<Answer<A>, CommandError<A::Refusal>>,
        refused: impl FnOnce(&A::Refusal) -> Problem,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let answer = answer.map_err(|error| of_command(error, refused))?;
        let done = Done { id: id.to_string(), version: answer.version };
        Ok(self.answer(answer.version, !answer.recorded, (status, Json(done))))
    }

    /// Adds the headers of a command's answer: the stream's version as `ETag`, and `Idempotent-Replayed` if this request
    /// recorded nothing. Either an earlier request with this key did, or there was nothing to do. Then the key is not
    /// remembered and stays unused.
    pub fn answer(
        &self,
        version: Option<Version>,
        recorded_nothing: bool,
        answer: impl IntoResponse,
    ) -> Response {
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        if let Some(version) = version {
            headers.insert(header::ETAG, etag(version.get()));
        }
        if recorded_nothing {
            mark_replayed(&mut response);
        }
        response
    }
}

/// Reads the W3C trace context. A malformed one is dropped, so that it is never recorded.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-';
    let is_formed =
        lengths == [2, 32, 16, 2] && text.starts_with("00-") && text.bytes().all(is_hex);
    is_formed.then(|| text.to_owned())
}
