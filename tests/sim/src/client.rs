//! A client: repeats a request under the same key until it is answered, or stops.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use dekigoto::Aggregate as _;
use dekigoto_http::RequestId;
use dekigoto_testkit::sim::{Dice, Ended, Fault, PRIVATE, Site};
use order_service::Caller;
use orders::{OrderId, order::Order, payment::Payment};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    bugs::Wiring,
    history::{Answer, Asked, Attempt, History, Moment, Op},
    world::World,
};

/// A request over the internet and its answer.
pub(crate) static REQUEST: Site =
    Site { name: "request", menu: &[Fault::ErrBefore, Fault::ErrAfter, Fault::Delay] };

/// Requests that an impatient client sends at most.
const TRIES_MAX: usize = 3;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) caller: Caller,
    pub(crate) key: Option<String>,
    pub(crate) if_match: Option<u64>,
    pub(crate) body: Option<Value>,
}

impl Ask {
    pub(crate) fn get(caller: &Caller, path: String) -> Self {
        let caller = caller.clone();
        Self { method: "GET", path, caller, key: None, if_match: None, body: None }
    }

    pub(crate) fn request(self, id: u64) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        if let Some(key) = self.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = self.if_match {
            request = request.header("if-match", format!("\"{version}\""));
        }
        let body = self.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json").body(body);
        let mut request = request.unwrap();
        request.extensions_mut().insert(self.caller);
        request.extensions_mut().insert(RequestId(format!("request-{id}")));
        request
    }
}

/// A client of the system.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) world: World,
    pub(crate) history: History,
    pub(crate) wiring: Wiring,
}

impl Client {
    /// Sends a request once. Returns `None` if no answer comes back.
    pub(crate) async fn send(&self, ask: Ask) -> Option<Answer> {
        let sim = &self.world.sim;
        let mut luck = sim.luck(&REQUEST);
        let ask = self.wiring.ask(ask, luck.number);
        sim.step(|| format!("#{} {} {} {:?}", luck.number, ask.method, ask.path, luck.fault));
        let most = if luck.fault == Some(Fault::Delay) { 5_000 } else { 30 };
        let latency = luck.dice.time(Duration::from_millis(2), Duration::from_millis(most));
        sim.sleep(latency).await;
        if luck.fault == Some(Fault::ErrBefore) {
            return None;
        }
        let request = ask.request(luck.number);
        let call = |router: Router, _| async move { answer(router, request).await };
        let answer = match self.world.api.run(call).await {
            Ended::Answered(answer) => answer,
            Ended::Crashed | Ended::TimedOut => return None,
        };
        sim.note(&answer.body.to_string());
        sim.step(|| format!("#{} {} {:.200}", luck.number, answer.status, answer.body.to_string()));
        self.look_at(&answer);
        (luck.fault != Some(Fault::ErrAfter)).then_some(answer)
    }

    /// Checks that apply to every answer.
    fn look_at(&self, answer: &Answer) {
        let sim = &self.world.sim;
        let text = answer.body.to_string();
        if text.contains(PRIVATE) {
            sim.violation("S17", format!("a private cause is in an answer: {text}"));
        }
        if answer.status == 500 {
            sim.violation("S16", format!("no fault of ours is a 500: {text}"));
        }
        if answer.replayed {
            sim.mark("first answer again");
        }
        if answer.from_store {
            sim.mark("served from the store");
        }
        match answer.code() {
            "key-reused" => sim.mark("key reused"),
            "precondition-failed" => sim.mark("stale If-Match"),
            "version-conflict" => sim.mark("gave way to other writers"),
            "unavailable" => sim.mark("asked to come back"),
            _ => {}
        }
    }

    /// Sends a command until it has a definite answer, or until an impatient client stops.
    pub(crate) async fn command(&self, op: usize, ask: Ask, dice: &mut Dice) -> Option<Answer> {
        let is_patient = self.history.ops()[op].is_patient;
        for tries in 1.. {
            let began = self.moment(op);
            let answer = self.send(ask.clone()).await;
            let ended = self.moment(op);
            let attempt = Attempt { began, ended, answer: answer.clone() };
            self.history.ops()[op].attempts.push(attempt);
            if answer.as_ref().is_some_and(Answer::is_definite) {
                return answer;
            }
            if !is_patient && tries == TRIES_MAX {
                self.world.sim.mark("a client gave up");
                return None;
            }
            let wait = dice.time(Duration::from_millis(100), Duration::from_secs(5));
            self.world.sim.sleep(wait).await;
        }
        None
    }

    fn moment(&self, op: usize) -> Moment {
        let order = self.history.ops()[op].order.clone();
        let id: OrderId = order.parse().unwrap();
        let (order, payment) = (Order::stream(&id).unwrap(), Payment::stream(&id).unwrap());
        let events = &self.world.events;
        let at = self.world.sim.now();
        Moment { at, order: events.len(&order.key()), payment: events.len(&payment.key()) }
    }

    /// The command's place in the history, and its request.
    pub(crate) fn begin(&self, op: Op, caller: &Caller) -> (usize, Ask) {
        let path = match op.asked {
            Asked::Place => "/v1/orders".to_owned(),
            Asked::Pay => format!("/v1/orders/{}/payments", op.order),
            Asked::Refund => format!("/v1/orders/{}/refunds", op.order),
            Asked::Confirm => format!("/v1/orders/{}/confirm", op.order),
            Asked::Ship => format!("/v1/orders/{}/ship", op.order),
            Asked::Deliver => format!("/v1/orders/{}/deliver", op.order),
            Asked::Cancel => format!("/v1/orders/{}/cancel", op.order),
        };
        let ask = Ask {
            method: "POST",
            path,
            caller: caller.clone(),
            key: Some(op.key.clone()),
            if_match: op.if_match,
            body: Some(op.body.clone()).filter(|body| !body.is_null()),
        };
        (self.history.begin(op), ask)
    }
}

pub(crate) async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    Answer {
        status: parts.status.as_u16(),
        replayed: header("idempotent-replayed") == Some("true"),
        from_store: header("served-from") == Some("store"),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}
