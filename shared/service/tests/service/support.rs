//! The service in memory, requests to it, and checks of its answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, header},
};
use dekigoto::{
    EventStore, Host, Message, Ports, Row, StoredCommit, ViewStore, Zone,
    batch::Delivered,
    memory::{MemoryParking, MemoryStore, MemoryViews},
    views::{AnyView, Projector},
};
use dekigoto_http::{App, Kind, Problem, RequestId, Routes};
use dekigoto_testkit::World;
use order_service::{CONTRACT, Caller, KINDS, STAFF_SCOPE, service};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    http::{contract::document::hold, japanese::is_in_japanese},
    slowest,
};

/// The request id from the gateway.
pub(crate) const REQUEST_ID: &str = "BvZ0XgKnliAEJmg=";

/// The id of an order that does not exist.
pub(crate) const UNKNOWN: &str = "0198c1f2-7a3b-5c4d-8e5f-60718293a4b5";

/// The service's views; a test compares them with the registry.
pub(crate) const VIEWS: [&str; 4] =
    [ORDER_SUMMARY, "customer-summary", "daily-sales", "price-list"];
/// Those that fold orders.
pub(crate) const VIEWS_OF_ORDERS: [&str; 3] = [ORDER_SUMMARY, "customer-summary", "daily-sales"];
pub(crate) const ORDER_SUMMARY: &str = "order-summary";

/// Everything in the stores.
pub(crate) type Dump = (Vec<StoredCommit>, Vec<Row>);

/// The service on its own memory adapters.
pub(crate) struct Shop {
    world: World,
    router: Router,
}

impl std::ops::Deref for Shop {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::on(|store| Arc::new(store), |views| Arc::new(views))
    }

    /// Wraps the store.
    pub(crate) fn on_store(store: impl FnOnce(MemoryStore) -> Arc<dyn EventStore>) -> Self {
        Self::on(store, |views| Arc::new(views))
    }

    pub(crate) fn on(
        store: impl FnOnce(MemoryStore) -> Arc<dyn EventStore>,
        views: impl FnOnce(MemoryViews) -> Arc<dyn ViewStore>,
    ) -> Self {
        let world = World::default();
        let (store, views) = (store(world.store.clone()), views(world.views.clone()));
        let router = router(store, views, Arc::new(world.host.clone()));
        Self { world, router }
    }

    /// A shop with this business time zone.
    pub(crate) fn in_zone(zone: &str) -> Self {
        let world = World::default();
        let app = App::new(world.ports()).in_zone(Zone::of_system(zone).unwrap());
        Self { world, router: Routes::of(&service(), &CONTRACT).router(app) }
    }

    /// The same service on other stores, as after a deployment or during an outage.
    pub(crate) fn behind(&self, store: Arc<dyn EventStore>, views: Arc<dyn ViewStore>) -> Self {
        let router = router(store, views, Arc::new(self.world.host.clone()));
        Self { world: self.world.clone(), router }
    }

    /// Sends a request. Its answer must be one that the contract documents.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let (method, path) = (ask.0.method().clone(), ask.0.uri().path().to_owned());
        let answer = self.ask_router(ask).await;
        hold(&method, &path, &answer);
        answer
    }

    #[expect(clippy::disallowed_methods, reason = "measures real time")]
    async fn ask_router(&self, ask: Ask) -> Answer {
        let request = format!("{} {:.60}", ask.0.method(), ask.0.uri().to_string());
        let begin = Instant::now();
        let response = self.router.clone().oneshot(ask.0).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        slowest::took(begin.elapsed(), &request);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let status = parts.status.as_u16();
        if let Some(problem) = parts.extensions.get::<Arc<Problem>>() {
            is_in_japanese(problem, &request).await;
        }
        Answer { status, headers: parts.headers, body, text }
    }

    /// Sends a request that must be refused like this and must write nothing.
    pub(crate) async fn refuses(&self, ask: Ask, status: u16, code: &str) -> Answer {
        let what = format!("{} {:.80}", ask.0.method(), ask.0.uri().to_string());
        let before = self.dump();
        let answer = self.ask(ask).await;
        answer.is_problem(&what, status, code);
        assert_eq!(self.dump(), before, "{what}: something was written");
        answer
    }

    /// Places the sample order under that key and returns its id.
    pub(crate) async fn placed(&self, key: &str) -> String {
        let answer =
            self.ask(Ask::post("/v1/orders", &order()).header("idempotency-key", key)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.body["orderId"].as_str().unwrap().to_owned()
    }

    /// Sets the price of the sample order's product to 1,500, and projects it.
    pub(crate) async fn priced(self) -> Self {
        self.set_price("p-1", 1500, "2026-01-01T00:00:00.000Z").await;
        self
    }

    pub(crate) async fn set_price(&self, product: &str, unit_amount: u64, from: &str) {
        let body = json!({ "currency": "JPY", "unitAmount": unit_amount, "validFrom": from });
        let set = Ask::put(&format!("/v1/prices/{product}"), &body);
        let set = set.header(
            "idempotency-key",
            &format!("{product} {unit_amount} {from}").replace(' ', "-"),
        );
        let answer = self.ask(set).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.follow().await;
    }

    /// Sends a command that must succeed.
    pub(crate) async fn does(&self, id: &str, command: &str, body: &Value) -> Answer {
        let answer = self.ask(Ask::post(&format!("/v1/orders/{id}/{command}"), body)).await;
        assert!((200..300).contains(&answer.status), "{command}: {}", answer.text);
        answer
    }

    /// Projects everything in the store into every view.
    pub(crate) async fn follow(&self) {
        let bodies: Vec<String> =
            self.events().iter().map(|event| Message::of(event).body).collect();
        for view in VIEWS {
            let projector = self.projector(view, &MemoryParking::default());
            let report = projector.take(delivered(&bodies), plenty).await;
            assert!(report.reasons.is_empty(), "{view}: {:?}", report.reasons);
        }
    }

    pub(crate) fn projector(&self, view: &str, parking: &MemoryParking) -> Projector {
        Projector::of(view_named(view), self.ports(), Arc::new(parking.clone()))
    }

    pub(crate) fn dump(&self) -> Dump {
        (self.store.dump(), self.views.dump())
    }
}

pub(crate) fn view_named(name: &str) -> Arc<dyn AnyView> {
    service().view_named(name).unwrap()
}

pub(crate) fn router(
    store: Arc<dyn EventStore>,
    views: Arc<dyn ViewStore>,
    host: Arc<dyn Host>,
) -> Router {
    let ports = Ports { store, views, host };
    Routes::of(&service(), &CONTRACT).router(App::new(ports))
}

pub(crate) fn plenty() -> Duration {
    Duration::from_secs(30)
}

/// Records as delivered by a queue: m0, m1, …
pub(crate) fn delivered<T: Clone>(records: &[T]) -> Vec<Delivered<T>> {
    let numbered = records.iter().cloned().enumerate();
    numbered.map(|(id, record)| Delivered { id: format!("m{id}"), record }).collect()
}

/// The sample order: 3,000 JPY.
pub(crate) fn order() -> Value {
    let items = json!([{ "productId": "p-1", "quantity": 2, "unitAmount": 1500 }]);
    json!({ "customerId": "c-42", "currency": "JPY", "items": items })
}

/// The sample order as a customer sends it: without prices.
pub(crate) fn basket() -> Value {
    let mut order = order();
    order["items"][0].as_object_mut().unwrap().remove("unitAmount");
    order
}

/// A captured payment of the sample order's total.
pub(crate) fn payment(reference: &str) -> Value {
    json!({ "reference": reference, "amount": 3000, "currency": "JPY", "outcome": "captured" })
}

/// The body of a confirmation without payment.
pub(crate) fn on_account() -> Value {
    json!({ "onAccount": true })
}

/// A refund of the sample order's total.
pub(crate) fn refund(payment: &str, reference: &str) -> Value {
    json!({
        "reference": payment, "refundReference": reference, "amount": 3000, "outcome": "refunded", "reason": "damaged",
    })
}

pub(crate) fn parcel() -> Value {
    json!({ "carrier": "DHL", "trackingNumber": "00340434" })
}

pub(crate) fn shop() -> Caller {
    Caller::service("shop").unwrap()
}

pub(crate) fn customer(id: &str) -> Caller {
    Caller::bearer(id, "openid", STAFF_SCOPE).unwrap()
}

pub(crate) fn staff() -> Caller {
    Caller::bearer("staff-1", "openid orders:staff", STAFF_SCOPE).unwrap()
}

/// A request. It comes from a trusted service, unless `by` names another caller.
pub(crate) struct Ask(Request<Body>);

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let mut ask = Self(request).by(shop());
        ask.0.extensions_mut().insert(RequestId(REQUEST_ID.to_owned()));
        ask
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::raw(path, body.to_string())
    }

    pub(crate) fn put(path: &str, body: &Value) -> Self {
        let mut ask = Self::new("PUT", path).header("content-type", "application/json");
        *ask.0.body_mut() = Body::from(body.to_string());
        ask
    }

    /// Any body, with the content type JSON.
    pub(crate) fn raw(path: &str, body: impl Into<Bytes>) -> Self {
        let mut ask = Self::new("POST", path).header("content-type", "application/json");
        *ask.0.body_mut() = Body::from(body.into());
        ask
    }

    /// Another method.
    pub(crate) fn method(mut self, method: &str) -> Self {
        *self.0.method_mut() = method.parse().unwrap();
        self
    }

    /// A streamed body.
    pub(crate) fn streaming(mut self, body: Body) -> Self {
        *self.0.body_mut() = body;
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.0.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.headers_mut().remove(name);
        self
    }

    /// Adds a header with any bytes, as HTTP allows.
    pub(crate) fn bytes(mut self, name: &'static str, value: &[u8]) -> Self {
        let value = axum::http::HeaderValue::from_bytes(value).unwrap();
        self.0.headers_mut().append(name, value);
        self
    }

    pub(crate) fn by(mut self, caller: Caller) -> Self {
        self.0.extensions_mut().insert(caller);
        self
    }

    pub(crate) fn by_nobody(mut self) -> Self {
        self.0.extensions_mut().remove::<Caller>();
        self
    }
}

/// An answer, with its body parsed as JSON if it is JSON.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Problem details (RFC 9457) with our code and without internal details.
    pub(crate) fn is_problem(&self, what: &str, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{what}: {}",
            self.text
        );
        assert_eq!(self.header(header::CONTENT_TYPE.as_str()), Some("application/problem+json"));
        assert_eq!(self.body["status"], status, "{what}");
        let kinds = Kind::ALL.iter().chain(&KINDS);
        let kind = kinds.into_iter().find(|kind| kind.code() == code);
        let family = kind.map_or_else(|| panic!("{what}: {code} is no kind"), |kind| kind.family());
        assert_eq!(self.body["type"], format!("urn:dekigoto:problem:{family}"), "{what}");
        assert_eq!(self.body["instance"], REQUEST_ID, "{what}");
        for field in ["title", "detail"] {
            assert!(
                self.body[field].as_str().is_some_and(|text| text.len() > 5),
                "{what}: {field}"
            );
        }
        for fault in self.body["errors"].as_array().into_iter().flatten() {
            let is_one_subject = fault["pointer"].is_string() != fault["parameter"].is_string();
            assert!(is_one_subject && fault["detail"].is_string(), "{what}: {fault}");
        }
        let comes_back = [429, 503].contains(&status) || code == "version-conflict";
        assert_eq!(self.headers.contains_key("retry-after"), comes_back, "{what}: Retry-After");
        assert!(!self.text.contains("secret"), "{what}: {}", self.text);
        // Our own texts are short; input may add 200 bytes.
        let bytes_max = 900 + 120 * (self.pointers().len() + self.parameters().len());
        assert!(self.text.len() < bytes_max, "{what}: {} bytes", self.text.len());
    }

    /// The pointers to the invalid fields of the body.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        self.subjects("pointer")
    }

    /// The names of the invalid parameters.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.subjects("parameter")
    }

    fn subjects(&self, member: &str) -> Vec<&str> {
        let faults = self.body["errors"].as_array().into_iter().flatten();
        faults.filter_map(|fault| fault[member].as_str()).collect()
    }
}
