//! The service on memory adapters, without a runtime, because nothing in it waits.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, Response},
};
use dekigoto::{
    Ports,
    memory::{ManualHost, MemoryStore, MemoryViews},
};
use dekigoto_http::{App, Routes};
use futures_util::FutureExt as _;
use order_service::{CONTRACT, Caller, service};
use tower::ServiceExt as _;

/// One service with its store.
pub(crate) struct Edge {
    pub(crate) store: MemoryStore,
    router: Router,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) response: Response<()>,
}

impl Edge {
    pub(crate) fn new() -> Self {
        let (store, views) = (MemoryStore::new(), MemoryViews::new());
        let ports = Ports {
            store: Arc::new(store.clone()),
            views: Arc::new(views),
            host: Arc::new(ManualHost::new()),
        };
        Self { store, router: Routes::of(&service(), &CONTRACT).router(App::new(ports)) }
    }

    pub(crate) fn ask(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Caller::anonymous());
        now(async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
            let status = parts.status.as_u16();
            Answer { status, body, response: Response::from_parts(parts, ()) }
        })
    }
}

/// Polls a future that must be ready at once.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    let Some(outcome) = work.now_or_never() else {
        fails("memory adapters do not wait");
    };
    outcome
}

/// Reports a broken property.
#[expect(clippy::panic, reason = "fuzz targets fail by panicking")]
pub(crate) fn fails(what: &str) -> ! {
    panic!("{what}")
}

/// Fails unless the property holds.
pub(crate) fn holds(it: bool, what: &str) {
    if !it {
        fails(what);
    }
}
