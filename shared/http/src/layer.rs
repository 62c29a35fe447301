//! The layer around every handler: request id, deadline, panics, rendering of problems, and the log line.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc};

use axum::{
    extract::{OriginalUri, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use dekigoto::{measure, trace::STEADY};
use futures_util::{
    FutureExt as _,
    future::{Either, select},
};
use tracing::{Level, error, event, warn};

use crate::{
    app::App,
    headers::{self, IDEMPOTENCY_KEY, RequestId},
    language::Language,
    problem::{Kind, Problem},
};

/// Wraps every request.
pub(crate) async fn surround(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = match request.extensions().get::<RequestId>() {
        Some(id) => id.clone(),
        None => RequestId(app.ports().host.random().to_string()),
    };
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let path = request.uri().path().len();
    let language = Language::of(request.headers());
    let key = command_key(&app, &mut request);
    let mut response = render(handled(&app, request, next).await, &id, language);
    response.headers_mut().extend(key.map(|key| (IDEMPOTENCY_KEY, key)));
    log(&response, &method, path, &id);
    measure::end(app.ports().host.now());
    response
}

/// Runs the handler. A panic becomes 500, a missed deadline 503.
async fn handled(app: &App, request: Request, next: Next) -> Response {
    let handled = pin!(AssertUnwindSafe(next.run(request)).catch_unwind());
    match select(app.ports().host.alarm(app.request_time_max()), handled).await {
        Either::Right((Ok(response), _)) => response,
        Either::Right((Err(_), _)) => {
            let detail = "The service failed. Send the request again with the same key.";
            Problem::new(Kind::INTERNAL, detail).with_cause("the handler panicked").into_response()
        }
        Either::Left(((), _)) => {
            let seconds = app.request_time_max().as_secs();
            let detail = format!(
                "There was no answer within {seconds} seconds. Send the same request again, a command with the same \
                 Idempotency-Key."
            );
            Problem::new(Kind::UNAVAILABLE, detail)
                .with_cause("the request took longer than its limit")
                .into_response()
        }
    }
}

/// The key of a command; generated when the client sent none. Every answer carries it, because a client that is told to
/// send it again with the same key must know the key.
fn command_key(app: &App, request: &mut Request) -> Option<HeaderValue> {
    if ![Method::POST, Method::PUT].contains(request.method()) {
        return None;
    }
    if !request.headers().contains_key(IDEMPOTENCY_KEY) {
        let made = HeaderValue::from_str(&app.ports().host.random().to_string()).ok()?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, made);
    }
    headers::command_key(request.headers()).ok()?;
    request.headers().get(IDEMPOTENCY_KEY).cloned()
}

/// Renders a problem, and keeps the headers that the router set (`Allow`).
fn render(response: Response, id: &RequestId, language: Language) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() else {
        return response;
    };
    let mut answer = problem.answer(&id.0, language);
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name.clone(), value.clone());
        }
    }
    // For layers around this one, and for tests.
    answer.extensions_mut().insert(problem.clone());
    if let Some(cause) = problem.cause() {
        let code = problem.kind().code();
        if answer.status().is_server_error() {
            error!(request.id = %id.0, code, cause = %chain(&**cause), "A request failed: {code}");
        } else {
            warn!(request.id = %id.0, code, cause = %chain(&**cause), "A request was refused: {code}");
        }
    }
    answer
}

/// A cause and its sources, in one line.
fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(cause), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn log(response: &Response, method: &Method, path_bytes: usize, id: &RequestId) {
    let status = response.status().as_u16();
    // A path may contain anything, so only its length is logged.
    let method = known(method);
    event!(target: STEADY, Level::INFO, request.id = %id.0, method, path_bytes, status, "{method} answered {status}");
}

/// The name of a standard method. Any other is client input, which is neither echoed nor logged.
fn known(method: &Method) -> &'static str {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    methods.into_iter().find(|name| method == name).unwrap_or("this method")
}

/// Answers for a path that has no route.
pub(crate) async fn unknown_path() -> Problem {
    Problem::new(
        Kind::NOT_FOUND,
        "There is no such path. GET /v1/openapi.json lists the paths that exist.",
    )
}

/// Answers for a method that the path does not have. The router adds `Allow`.
pub(crate) async fn unknown_method(method: Method, OriginalUri(_): OriginalUri) -> Problem {
    let detail = format!("This path does not take {}; see Allow.", known(&method));
    Problem::new(Kind::METHOD_NOT_ALLOWED, detail)
}
