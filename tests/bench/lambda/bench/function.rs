//! A function under a Lambda Runtime API on loopback.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::Failure;

/// The longest wait for a function. Under valgrind, one takes seconds to start.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// The time that an invocation is given.
const INVOCATION_TIME: Duration = Duration::from_secs(600);

/// Environment variables.
pub(crate) type Settings = &'static [(&'static str, &'static str)];

/// The variable that the template gives to every function, for its allocator. A Lambda that is written by hand has none.
const TUNABLES: &str = "GLIBC_TUNABLES";
const TEMPLATE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../template.yaml"));

/// Those of all functions. At the addresses of the queues nobody listens.
const SETTINGS: Settings = &[
    ("AUTH_MODE", "iam"),
    ("AWS_ACCESS_KEY_ID", "none"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_SECRET_ACCESS_KEY", "none"),
    ("BUS_NAME", "bus"),
    ("CONFIRMATION", "automatic"),
    ("DLQ_URL", "http://127.0.0.1:9/dlq"),
    ("EVENT_SOURCE", "dekigoto.orders"),
    ("EVENT_TABLE", "events"),
    ("PAYMENT_SECONDS", "1800"),
    ("POLICY", "fulfilment"),
    ("QUEUE_URL", "http://127.0.0.1:9/queue"),
    ("RETRY_QUEUE_URL", "http://127.0.0.1:9/retry"),
    ("TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:orders"),
    ("VIEW_TABLE", "views"),
];

/// A running function.
pub(crate) struct Function {
    child: Child,
    /// From spawn to the moment when it asked for its first event.
    pub(crate) start: Duration,
    events: mpsc::UnboundedSender<String>,
    answers: mpsc::UnboundedReceiver<String>,
    asks: mpsc::UnboundedReceiver<Instant>,
}

/// The Runtime API of one function.
#[derive(Clone)]
struct Api {
    events: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
    answers: mpsc::UnboundedSender<String>,
    asks: mpsc::UnboundedSender<Instant>,
}

impl Function {
    /// Starts a binary, and waits until it asks for its first event.
    pub(crate) async fn start(
        program: &Path,
        endpoint: &str,
        settings: Settings,
    ) -> Result<Self, Failure> {
        Self::run(program, Command::new(program), endpoint, settings).await
    }

    /// Starts a binary under a tool.
    pub(crate) async fn start_under(
        mut tool: Command,
        program: &Path,
        endpoint: &str,
        settings: Settings,
    ) -> Result<Self, Failure> {
        tool.arg(program);
        Self::run(program, tool, endpoint, settings).await
    }

    async fn run(
        program: &Path,
        mut command: Command,
        endpoint: &str,
        settings: Settings,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (events, taken) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        let (asked, asks) = mpsc::unbounded_channel();
        let api = Api { events: Arc::new(Mutex::new(taken)), answers: answered, asks: asked };
        let router = Router::new().fallback(serve).with_state(api);
        tokio::spawn(async move { axum::serve(listener, router).await });
        command.env_clear().envs(SETTINGS.iter().copied()).envs(settings.iter().copied());
        if !program.ends_with("bare") && !program.ends_with("hello") {
            command.env(TUNABLES, tunables()?);
        }
        command.env("AWS_LAMBDA_RUNTIME_API", address).env("AWS_ENDPOINT_URL", endpoint);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let spawned = Instant::now();
        let child = command.spawn().map_err(|cause| {
            format!("{command:?} cannot be started ({cause}); run `make bench-lambda`")
        })?;
        let mut function = Self { child, start: Duration::ZERO, events, answers, asks };
        let asked = timeout(ANSWER_TIME_MAX, function.asks.recv()).await?;
        function.start = asked.ok_or("the function has ended")? - spawned;
        Ok(function)
    }

    /// Invokes the function, and waits until it asks for its next event.
    pub(crate) async fn invoke(&mut self, event: &str) -> Result<String, Failure> {
        self.events.send(event.to_owned())?;
        let answer = timeout(ANSWER_TIME_MAX, self.answers.recv()).await?;
        timeout(ANSWER_TIME_MAX, self.asks.recv()).await?.ok_or("the function has ended")?;
        Ok(answer.ok_or("the function has ended")?)
    }

    /// The CPU time of all its threads so far, in microseconds.
    pub(crate) fn cpu_micros(&self) -> Result<f64, Failure> {
        let mut nanos = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = text.split(' ').next().ok_or("the kernel does not tell the CPU time")?;
            nanos += on_cpu.parse::<f64>()?;
        }
        Ok(nanos / 1000.0)
    }

    /// Its resident memory.
    pub(crate) fn resident_kib(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("the kernel does not tell the resident memory")?.parse()?)
    }

    /// Stops the function as Lambda does, so that a tool around it can write what it found.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve(State(api): State<Api>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        let mut events = api.events.lock().await;
        let _ = api.asks.send(Instant::now());
        return match events.recv().await {
            Some(event) => next(event),
            None => StatusCode::GONE.into_response(),
        };
    }
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&body).into_owned();
    let is_answer = path.ends_with("/response");
    let _ = api.answers.send(if is_answer { text } else { format!("{path}: {text}") });
    (StatusCode::ACCEPTED, [("content-type", "application/json")], r#"{"status":"OK"}"#)
        .into_response()
}

fn next(event: String) -> Response {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", (now + INVOCATION_TIME).as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:123456789012:function:measured".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

fn tunables() -> Result<&'static str, Failure> {
    let mut lines = TEMPLATE.lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix(TUNABLES)?.strip_prefix(": "));
    Ok(value.ok_or("the template does not set GLIBC_TUNABLES")?)
}
