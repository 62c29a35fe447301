//! Connects the parts of a service in one process: the router, the relay, the views and the policies.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use dekigoto::{
    Commit, Named, Ordinal, Ports, ReadFrom, StoredCommit, StreamId, SystemHost, Zone,
    generations::EraseRows,
    outbox::{Order, Outbox},
    policies::{ProcessManager, Ticker},
    relay::Relay,
    replay::ReplaySource,
    views::Projector,
};
use dekigoto_http::{App, Contract, Routes, Service};
use dekigoto_ops::{Console, Parts};
use serde::Deserialize;
use tokio::{sync::Notify, time::timeout};

use crate::{
    buses::Buses,
    inbox::Inbox,
    place::{PUBLISHER, Place, REBUILD},
    rebuilds,
    recent::Recent,
    show,
    stores::{Stores, Watched},
    wires::Wires,
};

/// Time of one round of the relay: two calls that hang fit. What a process had leased when it was killed waits a little
/// longer than this.
const ROUND_TIME: Duration = Duration::from_secs(15);

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
    eraser: Arc<dyn EraseRows>,
    inbox: Inbox,
    place: Arc<Place>,
    service: dekigoto::Service,
}

impl System {
    /// Starts the relay, the views and the policies of a service. Must be called inside a tokio runtime.
    ///
    /// The relay begins with what an earlier process on the same stores did not publish.
    #[must_use]
    pub fn start(service: &Service, stores: Stores, buses: &Buses) -> Self {
        let appended = Arc::new(Notify::new());
        let recent = Recent::default();
        let watched = Watched {
            events: stores.events,
            appended: Arc::clone(&appended),
            recent: recent.clone(),
        };
        let ports =
            Ports { store: Arc::new(watched), views: stores.views, host: Arc::new(SystemHost) };
        let inbox = Inbox::default();
        let mut wires = Wires::of(service, buses, &inbox);
        let mut consumers = Vec::new();
        let parking = |name: String| Arc::new(Named::new(name, Arc::clone(&stores.parking)));
        for view in service.views() {
            let (view, events) = (Arc::clone(view), service.events_for(&**view));
            let parking = parking(view.name().to_owned());
            consumers.push(wires.connect(events, Projector::of(view, ports.clone(), parking)));
        }
        for policy in service.policies() {
            let policy = Arc::clone(policy);
            let (name, events) = (policy.name(), policy.events().to_vec());
            let parking = parking(format!("{name}-policy"));
            let manager = ProcessManager::of(policy, ports.clone(), parking);
            let subscriber = wires.connect(events, manager);
            consumers.push(subscriber.clone());
            let queue = Arc::new(subscriber);
            let (views, host) = (Arc::clone(&ports.views), Arc::clone(&ports.host));
            tokio::spawn(run_ticker(Ticker { policy: name, views, queue, host }));
        }
        let views = service.views().to_vec();
        rebuilds::start(views, &ports, Arc::clone(&stores.history), parking(REBUILD.to_owned()));
        let order = wires.order();
        let (topic, bus) = wires.targets(&inbox);
        let relay = Relay {
            topic,
            bus,
            retry: stores.outbox.clone(),
            parking: parking(PUBLISHER.to_owned()),
            store: Arc::clone(&ports.store),
            host: Arc::clone(&ports.host),
            announcements: service.announcements().clone(),
        };
        let is_paused = Arc::new(AtomicBool::new(false));
        let place = Place {
            consumers,
            relay: relay.clone(),
            outbox: Arc::clone(&stores.outbox),
            parking: stores.parking,
            history: Arc::clone(&stores.history),
            recent,
            host: Arc::clone(&ports.host),
            is_paused: Arc::clone(&is_paused),
            hidden: Mutex::default(),
        };
        tokio::spawn(run_relay(relay, stores.outbox, order, appended, is_paused));
        let service = service.without_routes();
        Self {
            ports,
            history: stores.history,
            eraser: stores.eraser,
            inbox,
            place: Arc::new(place),
            service,
        }
    }

    /// The service's routes, with this business time zone. A layer must add the caller.
    pub fn router(&self, service: &Service, contract: &'static Contract, zone: Zone) -> Router {
        Routes::of(service, contract).router(App::new(self.ports()).in_zone(zone))
    }

    /// The stores and the host.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports.clone()
    }

    /// The operator's console at `/console`. It shows all events to everybody who reaches it.
    pub fn console(&self) -> Router {
        let parts = Parts {
            stack: self.place.stack(),
            cloud: self.place.clone(),
            ports: self.ports.clone(),
            eraser: Arc::clone(&self.eraser),
            history: Arc::clone(&self.history),
            service: self.service.clone(),
        };
        // The stack of a place has all outputs that a console needs.
        Console::of(parts).map(Console::router).unwrap_or_default()
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
async fn run_relay(
    relay: Relay,
    outbox: Arc<dyn Outbox>,
    order: Order,
    appended: Arc<Notify>,
    is_paused: Arc<AtomicBool>,
) {
    loop {
        if is_paused.load(Relaxed) {
            relay.host.sleep(POLL_EVERY).await;
            continue;
        }
        match relay.take_outbox(&*outbox, order, || ROUND_TIME).await {
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
