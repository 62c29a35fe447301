//! Connects the parts of a service in one process: the router, the relay, the views and the policies.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use dekigoto::{
    Commit, Ordinal, Ports, ReadFrom, StoredCommit, StreamId, SystemHost,
    outbox::{Order, Outbox},
    policies::{ProcessManager, Ticker},
    relay::Relay,
    replay::ReplaySource,
    views::Projector,
};
use dekigoto_http::{App, Contract, Routes, Service};
use serde::Deserialize;
use tokio::{sync::Notify, time::timeout};

use crate::{
    inbox::{Inbox, SampleBus},
    show,
    stores::{Stores, Watched},
    topic::Topic,
};

/// Time of one round of the relay.
const ROUND_TIME: Duration = Duration::from_secs(30);

/// How often the relay looks for entries whose wait or lease has ended.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// How often the ticker of a policy looks for deadlines that are due. On AWS each minute, because each look costs.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// Commits that the debug route shows at most.
const SHOWN_COMMITS_MAX: u32 = 10_000;

/// The running system.
#[derive(Clone)]
pub struct System {
    ports: Ports,
    history: Arc<dyn ReplaySource>,
    inbox: Inbox,
}

impl System {
    /// Starts the relay, the views and the policies of a service. Must be called inside a tokio runtime.
    ///
    /// The relay begins with what an earlier process on the same stores did not publish.
    #[must_use]
    pub fn start(service: &Service, stores: Stores) -> Self {
        let appended = Arc::new(Notify::new());
        let watched = Watched { events: stores.events, appended: Arc::clone(&appended) };
        let ports =
            Ports { store: Arc::new(watched), views: stores.views, host: Arc::new(SystemHost) };
        let inbox = Inbox::default();
        let mut topic = Topic::new(inbox.clone());
        for view in service.views() {
            let events = service.events_for(&**view);
            let parking = Arc::clone(&stores.parking);
            topic.subscribe(events, Projector::of(Arc::clone(view), ports.clone(), parking));
        }
        for policy in service.policies() {
            let (policy, parking) = (Arc::clone(policy), Arc::clone(&stores.parking));
            let (name, events) = (policy.name(), policy.events().to_vec());
            let manager = ProcessManager::of(policy, ports.clone(), parking);
            let queue = Arc::new(topic.subscribe(events, manager));
            let (views, host) = (Arc::clone(&ports.views), Arc::clone(&ports.host));
            tokio::spawn(run_ticker(Ticker { policy: name, views, queue, host }));
        }
        let relay = Relay {
            topic: Arc::new(topic),
            bus: Arc::new(SampleBus(inbox.clone())),
            retry: stores.outbox.clone(),
            parking: stores.parking,
            store: Arc::clone(&ports.store),
            host: Arc::clone(&ports.host),
            announcements: service.announcements().clone(),
        };
        tokio::spawn(run_relay(relay, stores.outbox, appended));
        Self { ports, history: stores.history, inbox }
    }

    /// The service's routes. A layer must add the caller.
    pub fn router(&self, service: &Service, contract: &'static Contract) -> Router {
        Routes::of(service, contract).router(App::new(self.ports()))
    }

    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports.clone()
    }

    /// Two debug routes, for a demo: the stored commits, of one stream with `?stream=Order%23<id>`, and the
    /// subscriber's messages.
    pub fn debug_routes(&self) -> Router {
        let inbox = self.inbox.clone();
        let received = move || async move { Json(inbox.all()) };
        Router::new()
            .route("/local/stored", get(stored))
            .with_state(self.clone())
            .route("/local/messages", get(received))
    }

    /// The commits of one stream.
    async fn stream(&self, key: &str) -> Result<Vec<Commit>, StatusCode> {
        let stream = StreamId::from_key(key).map_err(|_| StatusCode::BAD_REQUEST)?;
        let from = ReadFrom::Up(Ordinal::FIRST);
        let read = self.ports.store.read(&stream, from, SHOWN_COMMITS_MAX).await;
        read.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The commits of all streams.
    async fn all(&self) -> Result<Vec<Commit>, StatusCode> {
        let scan = self.history.scan(0, 1, None, SHOWN_COMMITS_MAX).await;
        scan.map(|page| page.commits).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// The parameters of the debug route.
#[derive(Deserialize)]
struct Wanted {
    stream: Option<String>,
}

async fn stored(
    State(system): State<System>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<StoredCommit>>, StatusCode> {
    let commits = match &wanted.stream {
        Some(key) => system.stream(key).await?,
        None => system.all().await?,
    };
    Ok(Json(commits.iter().map(StoredCommit::from).collect()))
}

/// Feeds the deadlines of one policy when they are due.
async fn run_ticker(ticker: Ticker) {
    loop {
        let ticked = ticker.tick(|| ROUND_TIME).await;
        show::ticked(ticker.policy, &ticked);
        ticker.host.sleep(TICK_EVERY).await;
    }
}

/// Publishes what is in the outbox: at the start, after each append, and when a wait ends.
async fn run_relay(relay: Relay, outbox: Arc<dyn Outbox>, appended: Arc<Notify>) {
    loop {
        match relay.take_outbox(&*outbox, Order::Any, || ROUND_TIME).await {
            Ok(report) if report.tally.total() > 0 => {
                show::published(&report);
                continue;
            }
            Ok(_) => {}
            Err(cause) => show::trouble("outbox", &*cause),
        }
        // Either ends the wait.
        let _ = timeout(POLL_EVERY, appended.notified()).await;
    }
}
