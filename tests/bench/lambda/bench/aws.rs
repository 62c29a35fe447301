//! The endpoint that the functions take for AWS: an embedded DynamoDB that charges by DynamoDB's own rules, and SNS
//! and EventBridge that accept everything.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use dekigoto_testkit::aws::{event_table, view_table};
use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Failure, events::item, history::Histories};

/// The largest request that DynamoDB accepts.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A call of a function.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// DynamoDB refused the write: its condition did not hold.
    pub(crate) is_refused: bool,
}

/// What the endpoint does with calls.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Writes are acknowledged and not done, so that an invocation can be repeated any number of times.
    Discard,
    /// Writes are done, units are charged, and each call takes this long.
    Charge(Duration),
}

#[derive(Clone)]
pub(crate) struct Aws {
    pub(crate) endpoint: String,
    database: Database,
    mode: Arc<Mutex<Mode>>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Aws {
    /// Starts the endpoint with the two tables of the template.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let database = Database::memory()?;
        for table in [event_table("events"), view_table("views")] {
            database.create_table(serde_json::from_value(table)?)?;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let mode = Arc::new(Mutex::new(Mode::Discard));
        let aws = Self { endpoint, database, mode, calls: Arc::default() };
        let router = Router::new().fallback(serve).with_state(aws.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(aws)
    }

    /// Stores these streams in the event table.
    pub(crate) fn store(&self, histories: &Histories) -> Result<(), Failure> {
        for commit in histories.dump() {
            let put = json!({ "TableName": "events", "Item": item(&commit)? });
            self.database.put_item(serde_json::from_value(put)?)?;
        }
        Ok(())
    }

    /// Does and charges writes from now on; each call takes this long.
    pub(crate) fn charge(&self, latency: Duration) {
        *locked(&self.mode) = Mode::Charge(latency);
        locked(&self.calls).clear();
    }

    /// The calls since [`charge`](Self::charge). Writes are discarded from now on.
    pub(crate) fn discard(&self) -> Vec<Call> {
        *locked(&self.mode) = Mode::Discard;
        std::mem::take(&mut *locked(&self.calls))
    }

    async fn answer(&self, request: Request) -> Result<Response, Failure> {
        let began = Instant::now();
        let target = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok());
        let (service, operation) = target.and_then(|it| it.split_once('.')).unwrap_or(("", ""));
        let (service, operation) = (service.to_owned(), operation.to_owned());
        let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await?;
        let mode = *locked(&self.mode);
        if let Mode::Charge(latency) = mode {
            tokio::time::sleep(latency).await;
        }
        let answer = if service.starts_with("DynamoDB") {
            self.table(mode, &operation, &body)
        } else {
            accepted(&operation, &body)?
        };
        if let Mode::Charge(_) = mode {
            let Answer { read_units, write_units, .. } = answer;
            let is_refused = answer.status == StatusCode::BAD_REQUEST;
            let call = Call { began, ended: Instant::now(), read_units, write_units, is_refused };
            locked(&self.calls).push(call);
        }
        Ok((answer.status, [("content-type", answer.kind)], answer.body).into_response())
    }

    fn table(&self, mode: Mode, operation: &str, body: &Bytes) -> Answer {
        let is_write = ["PutItem", "TransactWriteItems"].contains(&operation);
        if is_write && matches!(mode, Mode::Discard) {
            return Answer::of(JSON, "{}".to_owned());
        }
        match self.done(operation, body) {
            Ok(done) => {
                let units = units(&done["ConsumedCapacity"]);
                let (read_units, write_units) = if is_write { (0.0, units) } else { (units, 0.0) };
                Answer { read_units, write_units, ..Answer::of(JSON, done.to_string()) }
            }
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or_default();
                Answer { status, ..Answer::of(JSON, error.to_json()) }
            }
        }
    }

    /// Lets the embedded DynamoDB do a call, and say what it charges.
    fn done(&self, operation: &str, body: &Bytes) -> Result<Value, DynoxideError> {
        let mut request: Value = typed(serde_json::from_slice(body))?;
        if let Some(fields) = request.as_object_mut() {
            fields.insert("ReturnConsumedCapacity".to_owned(), json!("INDEXES"));
        }
        let database = &self.database;
        Ok(match operation {
            "PutItem" => json!(database.put_item(parsed(request)?)?),
            "GetItem" => json!(database.get_item(parsed(request)?)?),
            "BatchGetItem" => json!(database.batch_get_item(parsed(request)?)?),
            "Query" => json!(database.query(parsed(request)?)?),
            "TransactWriteItems" => json!(database.transact_write_items(parsed(request)?)?),
            other => return Err(DynoxideError::UnsupportedCapability(other.to_owned())),
        })
    }
}

const JSON: &str = "application/x-amz-json-1.0";

/// The answer to a call.
struct Answer {
    status: StatusCode,
    kind: &'static str,
    body: String,
    read_units: f64,
    write_units: f64,
}

impl Answer {
    fn of(kind: &'static str, body: String) -> Self {
        Self { status: StatusCode::OK, kind, body, read_units: 0.0, write_units: 0.0 }
    }
}

fn parsed<T: DeserializeOwned>(request: Value) -> Result<T, DynoxideError> {
    typed(serde_json::from_value(request))
}

fn typed<T>(parsed: serde_json::Result<T>) -> Result<T, DynoxideError> {
    parsed.map_err(|cause| DynoxideError::SerializationException(cause.to_string()))
}

async fn serve(State(aws): State<Aws>, request: Request) -> Response {
    match aws.answer(request).await {
        Ok(response) => response,
        // No SDK repeats such a call, so one that cannot be answered fails the invocation.
        Err(cause) => (StatusCode::NOT_IMPLEMENTED, cause.to_string()).into_response(),
    }
}

fn units(consumed: &Value) -> f64 {
    let of = |table: &Value| table["CapacityUnits"].as_f64().unwrap_or(0.0);
    consumed.as_array().map_or_else(|| of(consumed), |tables| tables.iter().map(of).sum())
}

/// The answer of EventBridge or SNS that accepts all entries.
fn accepted(operation: &str, body: &Bytes) -> Result<Answer, Failure> {
    match operation {
        "PutEvents" => {
            let request: Value = serde_json::from_slice(body)?;
            let count = request["Entries"].as_array().map_or(0, Vec::len);
            let entry = json!({ "EventId": "11710aed-b79e-4468-a20b-bb3c0c3b4860" });
            let answer = json!({ "Entries": vec![entry; count], "FailedEntryCount": 0 });
            Ok(Answer::of("application/x-amz-json-1.1", answer.to_string()))
        }
        "" => Ok(Answer::of("text/xml", published(std::str::from_utf8(body)?))),
        other => Err(format!("no function makes the call {other:?}").into()),
    }
}

/// SNS has a protocol of forms and XML.
fn published(form: &str) -> String {
    let is_id =
        |name: &str| name.starts_with("PublishBatchRequestEntries") && name.ends_with(".Id");
    let fields = form.split('&').filter_map(|field| field.split_once('='));
    let ids = fields.filter(|(name, _)| is_id(name)).map(|(_, id)| id);
    let members: String = ids
        .map(|id| {
            let message = "567910cd-659e-55d4-8ccb-5aaf14679dc0";
            format!("<member><Id>{id}</Id><MessageId>{message}</MessageId></member>")
        })
        .collect();
    format!(
        "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult><Failed/>\
         <Successful>{members}</Successful></PublishBatchResult><ResponseMetadata><RequestId>\
         d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata></PublishBatchResponse>"
    )
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that holds a lock can leave the value inconsistent.
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
