//! Planted bugs of requests: what is remembered of a key, and what becomes of a refusal.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode, header::HeaderName, request::Parts},
    response::Response,
};
use dekigoto_testkit::sim::Sim;
use order_service::Caller;
use serde_json::json;
use tower::ServiceExt as _;

use super::{Bug, Wiring};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often a refused command is tried again behind its client's back, and when.
const LATER: (u32, Duration) = (10, Duration::from_secs(20));

impl Wiring {
    /// What stands before the routers of all machines.
    pub(crate) fn front(self, sim: &Sim) -> Front {
        Front { wiring: self, sim: sim.clone(), known: Arc::default() }
    }
}

/// Gets the requests before the router.
#[derive(Clone)]
pub(crate) struct Front {
    wiring: Wiring,
    sim: Sim,
    known: Arc<Mutex<Known>>,
}

/// What all machines remember.
#[derive(Default)]
struct Known {
    /// The refusals, by caller, key and path.
    refusals: BTreeMap<[String; 3], (StatusCode, Bytes)>,
    /// The callers and keys of requests to orders.
    of_orders: Vec<[String; 2]>,
}

impl Front {
    /// The router with the bug, or as it is if the bug is elsewhere.
    pub(crate) fn before(&self, router: Router) -> Router {
        let Some(bug) = self.wiring.0.filter(|bug| Bug::OF_REQUESTS.contains(bug)) else {
            return router;
        };
        let front = self.clone();
        Router::new().fallback(move |request: Request<Body>| {
            let (front, router) = (front.clone(), router.clone());
            async move { front.answer(bug, router, request).await }
        })
    }

    async fn answer(self, bug: Bug, router: Router, request: Request<Body>) -> Response {
        let (mut parts, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let Some(key) = parts.headers.get(KEY).map(|key| key.to_str().unwrap().to_owned()) else {
            return send(router, parts, body).await;
        };
        let caller = parts.extensions.get::<Caller>().unwrap().actor().to_owned();
        let path = parts.uri.path().to_owned();
        match bug {
            Bug::JoinedKeys => {
                parts.headers.insert(KEY, key.replace(',', ".").parse().unwrap());
                send(router, parts, body).await
            }
            Bug::RemembersRefusals => {
                let request = [caller, key, path];
                let known = self.known.lock().unwrap().refusals.get(&request).cloned();
                if let Some((status, body)) = known {
                    return response(status, body);
                }
                let (status, answer) = taken(send(router, parts, body).await).await;
                if status == StatusCode::CONFLICT {
                    self.known.lock().unwrap().refusals.insert(request, (status, answer.clone()));
                }
                response(status, answer)
            }
            Bug::RefusedRunsLater => {
                let answer = send(router.clone(), parts.clone(), body.clone()).await;
                if answer.status() == StatusCode::CONFLICT {
                    let sim = self.sim.clone();
                    self.sim.spawn(async move {
                        for _ in 0..LATER.0 {
                            sim.sleep(LATER.1).await;
                            let _ = send(router.clone(), parts.clone(), body.clone()).await;
                        }
                    });
                }
                answer
            }
            _ => self.key_of_all_streams(router, parts, body, [caller, key], &path).await,
        }
    }

    /// Refuses a payment under a key that an order has used up.
    async fn key_of_all_streams(
        &self,
        router: Router,
        parts: Parts,
        body: Bytes,
        key: [String; 2],
        path: &str,
    ) -> Response {
        let is_of_payment = path.ends_with("/payments") || path.ends_with("/refunds");
        if !is_of_payment {
            self.known.lock().unwrap().of_orders.push(key);
        } else if self.known.lock().unwrap().of_orders.contains(&key) {
            let body = json!({ "code": "key-reused" }).to_string();
            return response(StatusCode::UNPROCESSABLE_ENTITY, body.into());
        }
        send(router, parts, body).await
    }
}

async fn send(router: Router, parts: Parts, body: Bytes) -> Response {
    router.oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap()
}

async fn taken(response: Response) -> (StatusCode, Bytes) {
    let (parts, body) = response.into_parts();
    (parts.status, to_bytes(body, usize::MAX).await.unwrap())
}

fn response(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}
