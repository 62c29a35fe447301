//! Handlers on an in-memory application, and requests to them.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, request::Builder},
};
use dekigoto::{
    Ports,
    memory::{ManualHost, MemoryStore, MemoryViews},
};
use dekigoto_http::{App, Caller, RequestId, Routes};
use serde_json::Value;
use tower::ServiceExt as _;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        (self.status, self.body["code"].as_str().unwrap())
    }

    /// The pointers of all faults, in order.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        self.subjects("pointer")
    }

    /// The parameters of all faults, in order.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.subjects("parameter")
    }

    fn subjects(&self, member: &str) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap();
        errors.iter().map(|fault| fault[member].as_str().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) fn router(routes: Routes) -> Router {
    routes.router(App::new(Ports {
        store: Arc::new(MemoryStore::new()),
        views: Arc::new(MemoryViews::new()),
        host: Arc::new(ManualHost::new()),
    }))
}

pub(crate) fn get(path: &str) -> Builder {
    Request::get(path)
}

/// A command of a trusted caller, with a JSON body.
pub(crate) fn post(path: &str) -> Builder {
    let request = Request::post(path).header("content-type", "application/json");
    request.extension(Caller::<String>::anonymous()).extension(RequestId("r-1".to_owned()))
}

pub(crate) async fn send(router: &Router, request: Builder, body: impl Into<Body>) -> Answer {
    let request = request.body(body.into()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}
