//! A service whose views are rebuilt while its calls fail.

use std::{sync::Arc, time::Duration};

use dekigoto::{
    Envelope, Host as _, Ports,
    batch::Delivered,
    generations::{Generation, Plan, Rebuilder, Segment, Step, in_generation, take},
    memory::{ManualHost, MemoryParking},
    views::{Across, AnyView, Extent, Projector, Single},
};
use dekigoto_testkit::still_host;

use crate::{
    cut::{Behind, Cut, Messages, Scissors},
    support::Faulty,
    views::{Total, Versions},
};

pub(crate) const SECOND: &str = "2";
pub(crate) const PLAN: Plan = Plan { segments: 2, commits_per_second_max: Some(4) };
/// The time of an invocation: two pages, and then the segment is handed on.
const INVOCATION: Duration = Duration::from_secs(7);

/// A service whose every call may fail.
pub(crate) struct Shop {
    pub(crate) world: Faulty,
    pub(crate) host: ManualHost,
    pub(crate) view: Arc<dyn AnyView>,
    pub(crate) scissors: Arc<Scissors>,
    pub(crate) messages: Messages,
    /// The time of an invocation.
    pub(crate) time: Duration,
    /// Messages of events that are on their way to the projector.
    events: Vec<Envelope>,
}

impl Shop {
    pub(crate) fn new(view: Arc<dyn AnyView>, cut: Option<(usize, Cut)>) -> Self {
        Self {
            world: Faulty::new([]),
            host: still_host(),
            view,
            scissors: Scissors::at(cut),
            messages: Messages::default(),
            time: INVOCATION,
            events: Vec::new(),
        }
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(Behind(self.world.store.clone(), self.scissors.clone())),
            views: Arc::new(Behind(self.world.rows.clone(), self.scissors.clone())),
            host: Arc::new(self.host.clone()),
        }
    }

    pub(crate) fn rebuilder(&self) -> Rebuilder {
        Rebuilder {
            views: vec![Arc::clone(&self.view)],
            history: Arc::new(Behind(self.world.store.clone(), self.scissors.clone())),
            ports: self.ports(),
            queue: Arc::new(Behind(Arc::clone(&self.messages), self.scissors.clone())),
            parking: Arc::new(MemoryParking::default()),
        }
    }

    /// Stores events of a new stream, whose messages are then on their way.
    pub(crate) async fn write(&mut self, id: &str, events: usize) {
        let written = self.world.added(id, events).await;
        self.events.extend(written);
    }

    /// Delivers the messages of events, twice and newest first, until the projector takes them.
    pub(crate) async fn project(&mut self) {
        let projector =
            Projector::of(Arc::clone(&self.view), self.ports(), Arc::new(MemoryParking::default()));
        let copies = self.events.iter().chain(&self.events).rev();
        let mut messages: Vec<Delivered<String>> = copies
            .enumerate()
            .map(|(id, event)| Delivered {
                id: id.to_string(),
                record: serde_json::to_string(event).unwrap(),
            })
            .collect();
        for _ in 0..20 {
            if messages.is_empty() {
                self.events.clear();
                return;
            }
            let taken = projector.take(messages.clone(), || INVOCATION);
            if let Some(report) = self.scissors.run(taken).await {
                messages.retain(|message| report.failed.contains(&message.id));
            }
        }
        panic!("the projector does not take its messages");
    }

    /// How much time an invocation has left that begins now.
    pub(crate) fn invocation(&self) -> impl Fn() -> Duration + Send + Sync + use<> {
        let end = self.host.monotonic() + self.time;
        let host = self.host.clone();
        move || end.saturating_sub(host.monotonic())
    }

    /// Delivers one message of the rebuild queue. It stays in the queue until its invocation ends well.
    pub(crate) async fn rebuild_once(&self) -> bool {
        let Some(body) = self.messages.lock().unwrap().first().cloned() else { return false };
        let time_left = self.invocation();
        let message = Delivered { id: "1".to_owned(), record: body };
        let rebuilder = self.rebuilder();
        let report = self.scissors.run(rebuilder.take(vec![message], &time_left)).await;
        let mut messages = self.messages.lock().unwrap();
        let delivered = messages.remove(0);
        if report.is_none_or(|report| !report.failed.is_empty()) {
            messages.push(delivered);
        }
        true
    }

    pub(crate) async fn begin(&self) {
        let name = self.view.name();
        take(&self.world.rows, name, Step::Begin(PLAN), self.host.now()).await.unwrap();
        let second = SECOND.parse().unwrap();
        // Each message is delivered twice, as SQS may.
        let all = || Segment::all(name, second, PLAN.segments);
        let segments = all().chain(all());
        self.messages.lock().unwrap().extend(segments.map(|it| it.text()));
    }

    pub(crate) async fn assert_equals_the_fold_of_the_store(
        &self,
        generation: Generation,
        why: &str,
    ) {
        let views = in_generation(Arc::new(self.world.rows.clone()), self.view.name(), generation);
        let ports = Ports { views, ..self.world.ports() };
        let verified =
            self.view.verify(&ports, &self.world.store, Extent::Everything).await.unwrap();
        assert_eq!((verified.differences, verified.waiting), (vec![], 0), "{why}: {generation}");
    }
}

pub(crate) fn views() -> [Arc<dyn AnyView>; 2] {
    [Arc::new(Single::<Versions>::default()), Arc::new(Across::<Total>::default())]
}
