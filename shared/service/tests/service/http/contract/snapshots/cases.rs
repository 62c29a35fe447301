//! One case for each answer.

use std::{fmt::Write as _, sync::Arc};

use async_trait::async_trait;
use dekigoto::{
    AppendError, Commit, EventStore, ReadError, ReadFrom, Row, RowKey, RowPage, RowQuery, StreamId,
    ViewError, ViewStore,
};
use dekigoto_testkit::{BeatenStore, Down};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, UNKNOWN, World, customer, order, parcel, payment};

/// An answer, and what it is the answer to.
pub(super) struct Case {
    pub(super) operation: &'static str,
    name: &'static str,
    pub(super) answer: Answer,
}

impl Case {
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.operation, self.name)
    }

    /// Operation, status and code, as the document promises them.
    pub(super) fn kind(&self) -> String {
        let Answer { status, body, .. } = &self.answer;
        let code = if *status < 300 { "done" } else { body["code"].as_str().unwrap() };
        format!("{} {status} {code}", self.operation)
    }

    pub(super) fn section(&self) -> String {
        let Answer { status, headers, body, text, bytes } = &self.answer;
        let mut section = format!("## {}\nHTTP {status}\n", self.name);
        let mut lines: Vec<String> = headers
            .iter()
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        writeln!(section, "{}\n", lines.join("\n")).unwrap();
        let shown = if body["openapi"].is_string() {
            "(infra/openapi.yaml)".to_owned()
        } else if headers.contains_key("content-encoding") {
            format!("({} bytes and more)", bytes.len() / 10_000 * 10_000)
        } else if body.is_null() {
            text.trim_end().to_owned()
        } else {
            let mut body = body.clone();
            if let Some(cursor) = body.get_mut("nextCursor") {
                *cursor = json!("(opaque)");
            }
            format!("{body:#}")
        };
        writeln!(section, "{shown}").unwrap();
        section
    }
}

/// A store where something is wrong for good.
struct Broken;

#[async_trait]
impl EventStore for Broken {
    async fn append(&self, _: &Commit) -> Result<(), AppendError> {
        Err(AppendError::Broken("no secret permission".into()))
    }

    async fn read(&self, _: &StreamId, _: ReadFrom, _: u32) -> Result<Vec<Commit>, ReadError> {
        Err(ReadError::Broken("no secret permission".into()))
    }
}

#[async_trait]
impl ViewStore for Broken {
    async fn read(&self, _: &[RowKey]) -> Result<Vec<Option<Row>>, ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }

    async fn write(&self, _: &[Row]) -> Result<(), ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }

    async fn list(&self, _: &RowQuery) -> Result<RowPage, ViewError> {
        Err(ViewError::Broken("no secret permission".into()))
    }
}

/// A command, and an order that is where the command takes it.
struct Command {
    operation: &'static str,
    world: World,
    path: String,
    /// The same for an order that does not exist.
    elsewhere: String,
    body: Value,
    cases: Vec<Case>,
}

impl Command {
    async fn new(
        operation: &'static str,
        before: &[(&str, Value)],
        last: &str,
        body: Value,
    ) -> Self {
        let world = World::new();
        let id = world.placed("placing").await;
        for (step, body) in before {
            world.does(&id, step, body).await;
        }
        let [path, elsewhere] = [&*id, UNKNOWN].map(|id| format!("/v1/orders/{id}/{last}"));
        Self { operation, world, path, elsewhere, body, cases: Vec::new() }
    }

    async fn place() -> Self {
        let world = World::new();
        world.placed("placing").await;
        let path = "/v1/orders".to_owned();
        let operation = "placeOrder";
        Self { operation, world, elsewhere: path.clone(), path, body: order(), cases: Vec::new() }
    }

    fn good(&self) -> Ask {
        Ask::post(&self.path, &self.body).header("idempotency-key", "the-key")
    }

    async fn add(&mut self, name: &'static str, ask: Ask) {
        let answer = self.world.ask(ask).await;
        self.cases.push(Case { operation: self.operation, name, answer });
    }

    /// What goes wrong with every command in the same way.
    async fn refusals(&mut self) {
        let raw = |body: Value| {
            Ask::raw(&self.path, body.to_string()).header("idempotency-key", "the-key")
        };
        let unknown = raw(json!({ "isAdmin": true }));
        let not_json = Ask::raw(&self.path, "{");
        self.add("malformed", unknown).await;
        self.add("not JSON", not_json).await;
        self.add("nobody", self.good().by_nobody()).await;
        self.add("another version", self.good().header("if-match", "\"9\"")).await;
        self.add(
            "too large",
            Ask::raw(&self.path, vec![b' '; 70_000]).header("idempotency-key", "the-key"),
        )
        .await;
        self.add(
            "not said to be JSON",
            self.good().without("content-type").header("content-type", "text/plain"),
        )
        .await;
        for (name, store) in
            [("broken", Arc::new(Broken) as Arc<dyn EventStore>), ("down", Arc::new(Down))]
        {
            let front = self.world.behind(store, Arc::new(Down));
            let answer = front.ask(self.good()).await;
            self.cases.push(Case { operation: self.operation, name, answer });
        }
        if self.operation == "placeOrder" {
            // Nobody can be faster: the order's id derives from the key, so whoever is there first is the same command.
            return;
        }
        let beaten = Arc::new(BeatenStore(Arc::new(self.world.store.clone())));
        let front = self.world.behind(beaten, Arc::new(Down));
        let answer = front.ask(self.good()).await;
        self.cases.push(Case { operation: self.operation, name: "beaten each time", answer });
    }

    /// What every command on an order answers besides.
    async fn on_an_order(mut self) -> Vec<Case> {
        self.refusals().await;
        let elsewhere = Ask::post(&self.elsewhere, &self.body).header("idempotency-key", "the-key");
        self.add("no such order", elsewhere).await;
        if self.operation != "cancelOrder" {
            self.add("a customer", self.good().by(customer("c-42"))).await;
        }
        if self.operation == "payOrder" {
            let mut euro = self.body.clone();
            euro["currency"] = json!("EUR");
            self.add(
                "another currency",
                Ask::post(&self.path, &euro).header("idempotency-key", "e"),
            )
            .await;
        }
        self.done_twice().await;
        let body = if self.operation == "payOrder" { payment("ch_2") } else { self.body.clone() };
        let again = |key| Ask::post(&self.path, &body).header("idempotency-key", key);
        let (reused, illegal) = match self.operation {
            "payOrder" => (again("the-key"), again("another-key")),
            _ => (
                self.good().without("idempotency-key").header("idempotency-key", "placing"),
                again("another-key"),
            ),
        };
        self.add("the key of another request", reused).await;
        self.add("the state forbids it", illegal).await;
        self.cases
    }

    async fn done_twice(&mut self) {
        self.add("done", self.good()).await;
        self.add("done again", self.good()).await;
    }
}

pub(crate) async fn of_commands() -> Vec<Case> {
    let nothing = || json!({});
    let declined =
        json!({ "reference": "ch_0", "amount": 3000, "currency": "JPY", "outcome": "declined" });
    let confirmed = ("confirm", nothing());
    let shipped = ("ship", parcel());
    let mut place = Command::place().await;
    place.refusals().await;
    place.add("for another customer", place.good().by(customer("c-7"))).await;
    let mut empty = order();
    empty["items"] = json!([]);
    place.add("no items", Ask::post("/v1/orders", &empty).header("idempotency-key", "e")).await;
    place.done_twice().await;
    let mut other = order();
    other["currency"] = json!("EUR");
    place
        .add(
            "the key of another request",
            Ask::post("/v1/orders", &other).header("idempotency-key", "the-key"),
        )
        .await;
    let mut cases = place.cases;
    for command in [
        Command::new("confirmOrder", &[], "confirm", nothing()).await,
        Command::new("shipOrder", std::slice::from_ref(&confirmed), "ship", parcel()).await,
        Command::new("deliverOrder", &[confirmed, shipped], "deliver", nothing()).await,
        Command::new("cancelOrder", &[], "cancel", json!({ "reason": "ordered twice" })).await,
        Command::new("payOrder", &[("payments", declined.clone())], "payments", payment("ch_1"))
            .await,
    ] {
        cases.extend(command.on_an_order().await);
    }
    let declined =
        json!({ "reference": "ch_0", "amount": 3000, "currency": "JPY", "outcome": "declined" });
    let mut pay = Command::new("payOrder", &[], "payments", declined).await;
    pay.add("declined", pay.good()).await;
    cases.extend(pay.cases);
    cases
}

/// A query: its name, a good one, a malformed one, one of what does not exist, and one that a customer may not ask.
type Query = (&'static str, String, String, Option<String>, Option<String>);

fn queries(id: &str) -> Vec<Query> {
    let order = format!("/v1/orders/{id}");
    let unknown = format!("/v1/orders/{UNKNOWN}");
    let sales = |days: &str| format!("/v1/sales/daily?{days}");
    let day = sales("from=2026-11-23&to=2026-11-23");
    let list = |rest: &str| format!("/v1/orders?{rest}");
    vec![
        (
            "listOrders",
            list("customerId=c-42"),
            list("limit=0"),
            None,
            Some(list("customerId=c-7")),
        ),
        ("getOrder", order.clone(), format!("{order}?minVersion=0"), Some(unknown.clone()), None),
        (
            "listOrderEvents",
            format!("{order}/events"),
            "/v1/orders/X/events".to_owned(),
            Some(format!("{unknown}/events")),
            None,
        ),
        (
            "getCustomerSummary",
            "/v1/customers/c-42/summary".to_owned(),
            "/v1/customers/c%2042/summary".to_owned(),
            Some("/v1/customers/nobody/summary".to_owned()),
            None,
        ),
        ("getDailySales", day.clone(), sales("from=2026-11-23"), None, Some(day)),
        ("getHealth", "/v1/health".to_owned(), "/v1/health?x=1".to_owned(), None, None),
        (
            "getContract",
            "/v1/openapi.json".to_owned(),
            "/v1/openapi.json?x=1".to_owned(),
            None,
            None,
        ),
        ("getDocs", "/v1/docs".to_owned(), "/v1/docs?x=1".to_owned(), None, None),
        (
            "getDocsAsset",
            "/v1/docs/page.js".to_owned(),
            "/v1/docs/page.js?x=1".to_owned(),
            Some("/v1/docs/other.js".to_owned()),
            None,
        ),
    ]
}

pub(crate) async fn of_queries() -> Vec<Case> {
    let world = World::new();
    let id = world.placed("placing").await;
    world.does(&id, "confirm", &json!({})).await;
    world.placed("another").await;
    world.follow().await;
    let broken = world.behind(Arc::new(Broken), Arc::new(Broken));
    let down = world.behind(Arc::new(Down), Arc::new(Down));
    let mut cases = Vec::new();
    let mut add = |operation, name, answer| cases.push(Case { operation, name, answer });
    for (operation, good, malformed, unknown, not_theirs) in queries(&id) {
        let good = || Ask::get(&good);
        add(operation, "done", world.ask(good()).await);
        add(operation, "malformed", world.ask(Ask::get(&malformed)).await);
        if let Some(unknown) = unknown {
            add(operation, "no such thing", world.ask(Ask::get(&unknown)).await);
        }
        if let Some(path) = not_theirs {
            add(operation, "a customer", world.ask(Ask::get(&path).by(customer("c-42"))).await);
        }
        if world.ask(good().by_nobody()).await.status == 401 {
            add(operation, "nobody", world.ask(good().by_nobody()).await);
            add(operation, "broken", broken.ask(good()).await);
            add(operation, "down", down.ask(good()).await);
        }
    }
    let order = format!("/v1/orders/{id}");
    let more = [
        ("listOrders", "the first of two pages", "/v1/orders?customerId=c-42&limit=1".to_owned()),
        ("listOrders", "of nobody", "/v1/orders?customerId=nobody".to_owned()),
        ("listOrderEvents", "the first of two pages", format!("{order}/events?limit=1")),
        ("listOrderEvents", "beyond the newest", format!("{order}/events?fromVersion=9")),
        ("getOrder", "as it was", format!("{order}?atVersion=1")),
        ("getDocsAsset", "the viewer", "/v1/docs/viewer.js".to_owned()),
        ("getDocsAsset", "its style", "/v1/docs/viewer.css".to_owned()),
    ];
    for (operation, name, path) in more {
        add(operation, name, world.ask(Ask::get(&path)).await);
    }
    world.does(&id, "ship", &parcel()).await;
    add(
        "getOrder",
        "newer than its view",
        world.ask(Ask::get(&format!("{order}?minVersion=3"))).await,
    );
    cases
}

/// What is answered where the document names no operation.
pub(crate) async fn of_no_operation() -> Vec<Case> {
    let world = World::new();
    let mut cases = Vec::new();
    for (name, method, path) in [
        ("an unknown path", "GET", "/v1/admin"),
        ("another method", "DELETE", "/v1/orders"),
        ("a method that nobody knows", "BREW", "/v1/health"),
    ] {
        let answer = world.ask(Ask::new(method, path)).await;
        cases.push(Case { operation: "noOperation", name, answer });
    }
    cases
}
