//! DynamoDB in this process, behind the SDK's own client. Time is virtual and each call takes [`CALL`], so the round trips of
//! an operation are the time that it takes, and every count is the same in each run.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::Client;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use dekigoto::{Host as _, Ports};
use dekigoto_dynamodb::{DynamoEventStore, DynamoViewStore};
use dekigoto_testkit::{
    VirtualHost,
    aws::{config, event_table, view_table},
};
use dynoxide::{Database, DynoxideError, ImportOptions};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) const EVENTS: &str = "events";
pub(crate) const VIEWS: &str = "views";

/// The virtual time of one call.
pub(crate) const CALL: Duration = Duration::from_millis(10);

/// What calls took. A call of a bus is a request, too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    pub(crate) requests: f64,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
    /// Calls one after the other.
    pub(crate) round_trips: f64,
}

/// The two tables of the template.
#[derive(Clone)]
pub(crate) struct Tables {
    database: Database,
    used: Arc<Mutex<Used>>,
    pub(crate) host: VirtualHost,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

impl Tables {
    pub(crate) fn new() -> Self {
        let database = Database::memory().unwrap();
        for table in [event_table(EVENTS), view_table(VIEWS)] {
            database.create_table(serde_json::from_value(table).unwrap()).unwrap();
        }
        Self { database, used: Arc::default(), host: VirtualHost::default() }
    }

    fn client(&self) -> Client {
        let config = config("http://127.0.0.1:1", self.clone());
        let sleep = SharedAsyncSleep::new(Never);
        let config = aws_sdk_dynamodb::config::Builder::from(&config).sleep_impl(sleep);
        Client::from_conf(config.build())
    }

    pub(crate) fn events(&self) -> DynamoEventStore {
        DynamoEventStore::new(self.client(), EVENTS)
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(self.events()),
            views: Arc::new(DynamoViewStore::new(self.client(), VIEWS)),
            host: Arc::new(self.host.clone()),
        }
    }

    /// Runs the work, and says what it used.
    pub(crate) fn measure<F: Future>(&self, work: F) -> (F::Output, Used) {
        *self.used.lock().unwrap() = Used::default();
        let (output, time) = self.host.run(work);
        let used = *self.used.lock().unwrap();
        (output, Used { round_trips: time.as_secs_f64() / CALL.as_secs_f64(), ..used })
    }

    /// A call to something else than the tables, such as a topic.
    pub(crate) async fn call(&self) {
        self.used.lock().unwrap().requests += 1.0;
        self.host.sleep(CALL).await;
    }

    /// Stores items without charging anybody.
    pub(crate) fn put(&self, table: &str, items: &[Value]) {
        let items = items.iter().map(|item| serde_json::from_value(item.clone()).unwrap());
        self.database.import_items(table, items.collect(), ImportOptions::default()).unwrap();
    }

    /// All items of a small table.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let request = serde_json::from_value(json!({ "TableName": table })).unwrap();
        let answer = json!(self.database.scan(request).unwrap());
        assert_eq!(answer["LastEvaluatedKey"], Value::Null, "one page holds the table");
        answer["Items"].as_array().unwrap().clone()
    }

    fn answer(&self, operation: &str, body: &[u8]) -> HttpResponse {
        let (status, body) = match self.done(operation, body) {
            Ok(answer) => {
                self.charge(operation, units(&answer["ConsumedCapacity"]));
                (200, answer.to_string())
            }
            Err(error) => (error.status_code(), error.to_json()),
        };
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
    }

    fn charge(&self, operation: &str, units: f64) {
        let mut used = self.used.lock().unwrap();
        used.requests += 1.0;
        if ["PutItem", "TransactWriteItems"].contains(&operation) {
            used.write_units += units;
        } else {
            used.read_units += units;
        }
    }

    fn done(&self, operation: &str, body: &[u8]) -> Result<Value, DynoxideError> {
        let mut request: Value = serde_json::from_slice(body).unwrap();
        request["ReturnConsumedCapacity"] = json!("INDEXES");
        let database = &self.database;
        Ok(match operation {
            "PutItem" => json!(database.put_item(parsed(request))?),
            "GetItem" => json!(database.get_item(parsed(request))?),
            "BatchGetItem" => json!(database.batch_get_item(parsed(request))?),
            "Query" => json!(database.query(parsed(request))?),
            "Scan" => json!(database.scan(parsed(request))?),
            "TransactWriteItems" => json!(database.transact_write_items(parsed(request))?),
            other => panic!("no function makes the call {other:?}"),
        })
    }
}

fn parsed<T: DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).unwrap()
}

fn units(consumed: &Value) -> f64 {
    let of = |table: &Value| table["CapacityUnits"].as_f64().unwrap();
    consumed.as_array().map_or_else(|| of(consumed), |tables| tables.iter().map(of).sum())
}

impl HttpClient for Tables {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Tables {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let tables = self.clone();
        HttpConnectorFuture::new(async move {
            tables.host.sleep(CALL).await;
            Ok(tables.answer(&operation, &body))
        })
    }
}

/// The SDK's timers. None ends: no call fails or hangs.
#[derive(Debug)]
struct Never;

impl AsyncSleep for Never {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}
