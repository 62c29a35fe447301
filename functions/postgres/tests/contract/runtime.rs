//! A double of Lambda's Runtime API: it hands events to a function's binary, and takes its answers.

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use dekigoto::{Host as _, SystemHost};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

/// Time of an invocation.
const TIME: Duration = Duration::from_secs(12);

/// An event and what it needs, for the function's next request.
struct Events(Mutex<mpsc::Receiver<Value>>);

struct Api {
    events: Events,
    answers: mpsc::Sender<Result<Value, Value>>,
}

/// A running function. It is killed when this is dropped.
pub(crate) struct Function {
    child: Child,
    events: mpsc::Sender<Value>,
    answers: mpsc::Receiver<Result<Value, Value>>,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Function {
    /// Starts a binary with these settings, and no others.
    pub(crate) async fn start(binary: &str, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, next) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let api = Arc::new(Api { events: Events(Mutex::new(next)), answers: answered });
        let base = "/2018-06-01/runtime/invocation";
        let router = Router::new()
            .route(&format!("{base}/next"), get(give))
            .route(&format!("{base}/{{id}}/response"), post(take_answer))
            .route(&format!("{base}/{{id}}/error"), post(take_error))
            .with_state(api);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let child = Command::new(binary)
            .env_clear()
            .envs(settings.iter().copied())
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", "tested"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("SERVICE", "tested"),
            ])
            .stdout(Stdio::null())
            .spawn();
        Self { child: child.unwrap(), events, answers }
    }

    /// Invokes it.
    pub(crate) async fn invoke(&mut self, event: Value) -> Result<Value, Value> {
        self.events.send(event).await.unwrap();
        let answer = timeout(2 * TIME, self.answers.recv()).await;
        answer.expect("the function answers in time").expect("the function runs")
    }
}

async fn give(State(api): State<Arc<Api>>) -> Response {
    let Some(event) = api.events.0.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemHost.now().as_millis() + i64::try_from(TIME.as_millis()).unwrap();
    let headers = [
        ("lambda-runtime-aws-request-id", "1".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:x:1:function:tested".to_owned()),
    ];
    (headers, Json(event)).into_response()
}

async fn take_answer(
    State(api): State<Arc<Api>>,
    Path(_): Path<String>,
    body: String,
) -> StatusCode {
    let answer = serde_json::from_str(&body).unwrap();
    api.answers.send(Ok(answer)).await.unwrap();
    StatusCode::ACCEPTED
}

async fn take_error(
    State(api): State<Arc<Api>>,
    Path(_): Path<String>,
    body: String,
) -> StatusCode {
    let error = serde_json::from_str(&body).unwrap();
    api.answers.send(Err(error)).await.unwrap();
    StatusCode::ACCEPTED
}
